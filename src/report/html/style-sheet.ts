// How the page looks: on a wide screen, on a phone, by day and by night, and on paper. Colors of text have a contrast of at
// least 4.5 : 1 to their ground (WCAG 2.2, 1.4.3).

import { DARK, LIGHT, type Palette } from '../charts/palette.ts';

interface Ground {
  readonly palette: Palette;
  readonly page: string;
  readonly link: string;
  readonly good: string;
  readonly bad: string;
  readonly open: string;
  readonly goodGround: string;
  readonly badGround: string;
  readonly openGround: string;
  /** Over the edge of what can be scrolled. */
  readonly shade: string;
}

const DAY: Ground = {
  palette: LIGHT,
  page: '#f4f6f9',
  link: '#00538c',
  good: '#00614a',
  bad: '#a5211a',
  open: '#7a4f00',
  goodGround: '#e2f4ed',
  badGround: '#fdeae8',
  openGround: '#fdf2dc',
  shade: '#1b243052',
};
const NIGHT: Ground = {
  palette: DARK,
  page: '#0d1117',
  link: '#7cc4ff',
  good: '#4fd6a9',
  bad: '#ff9a91',
  open: '#f2c162',
  goodGround: '#10312a',
  badGround: '#3b1a1c',
  openGround: '#35290f',
  shade: '#000000b3',
};

function variables({ palette, ...own }: Ground): string {
  const { ground, text, quiet, grid } = palette;
  const all = { ground, text, quiet, grid, ...own };
  return Object.entries(all)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

export const STYLE_SHEET = `
:root{color-scheme:light;${variables(DAY)}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${variables(NIGHT)}}}
:root[data-theme=dark]{color-scheme:dark;${variables(NIGHT)}}
@media print{:root:root:root{color-scheme:light;${variables(DAY)};--page:#fff}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:3.5rem}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;overflow-wrap:break-word;background:var(--page);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-100vw}
.skip:focus{left:1rem;top:1rem;z-index:9;background:var(--ground);padding:.5rem 1rem}
.bar{position:sticky;top:0;z-index:5;display:flex;gap:1rem;align-items:center;background:var(--ground);border-bottom:1px solid var(--grid);padding:.35rem max(1rem,calc((100vw - 80rem)/2))}
.bar nav{flex:1;overflow-x:auto;white-space:nowrap}
.bar nav a{display:inline-block;padding:.3rem .55rem;text-decoration:none;font-size:.875rem}
.bar nav a:hover{text-decoration:underline}
button{font:inherit;font-size:.8125rem;color:var(--text);background:var(--ground);border:1px solid var(--quiet);border-radius:6px;padding:.25rem .6rem;cursor:pointer;min-height:28px;max-width:100%;overflow-wrap:anywhere}
main{max-width:80rem;margin:0 auto;padding:1rem}
.verdict{background:var(--ground);border:1px solid var(--grid);border-left:10px solid;border-radius:10px;padding:1.25rem 1.5rem;margin-bottom:1rem}
.verdict.good{border-left-color:var(--good);background:var(--goodGround)}
.verdict.bad{border-left-color:var(--bad);background:var(--badGround)}
.verdict.open{border-left-color:var(--open);background:var(--openGround)}
.verdict .word{margin:0;font-size:2rem;line-height:1.1;font-weight:800;character-spacing:.02em}
.verdict.good .word{color:var(--good)}.verdict.bad .word{color:var(--bad)}.verdict.open .word{color:var(--open)}
.verdict h1,.verdict h2{margin:.25rem 0 .5rem;font-size:1.35rem;overflow-wrap:anywhere}
.verdict .headline{font-size:1.1rem;margin:.25rem 0 .75rem;overflow-wrap:anywhere}
.facts{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0;padding:0;font-size:.875rem}
.facts li{overflow-wrap:anywhere}
section{background:var(--ground);border:1px solid var(--grid);border-radius:10px;padding:1rem 1.5rem 1.5rem;margin-bottom:1rem}
section>h2:first-child,section>h3:first-child{margin:.25rem 0 1rem;font-size:1.25rem}
h3,h4{font-size:1rem;margin:1.5rem 0 .25rem}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.75rem;margin:0}
.figures>div{border:1px solid var(--grid);border-top:4px solid var(--quiet);border-radius:8px;padding:.6rem .8rem;min-width:0}
.figures .good{border-top-color:var(--good)}.figures .bad{border-top-color:var(--bad)}.figures .open{border-top-color:var(--open)}
.figures dt{font-size:.8125rem;color:var(--quiet)}
.figures dd{margin:0;font-size:1.5rem;font-weight:700;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.figures .bad dd:not(.note){color:var(--bad)}.figures .open dd:not(.note){color:var(--open)}
.figures .note{overflow-wrap:anywhere;font-size:.8125rem;font-weight:400;color:var(--quiet)}
.notes{margin:.25rem 0 0;padding-left:1.25rem}
.notes li{margin:.3rem 0;overflow-wrap:anywhere}
.notes li.bad::marker{color:var(--bad)}.notes li.open::marker{color:var(--open)}.notes li.good::marker{color:var(--good)}
.note,.reading{font-size:.875rem;color:var(--quiet);margin:.25rem 0 .5rem}
code,pre{font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;font-size:.875em}
code{overflow-wrap:anywhere}code.short{white-space:nowrap}
pre{overflow:auto;max-height:30rem;background:var(--page);padding:1rem;border-radius:8px}
.table{overflow-x:auto;margin-top:1.25rem;background:linear-gradient(to right,var(--ground) .75rem,transparent) left/3rem 100% no-repeat local,linear-gradient(to left,var(--ground) .75rem,transparent) right/3rem 100% no-repeat local,linear-gradient(to right,var(--shade),transparent) left/.75rem 100% no-repeat scroll,linear-gradient(to left,var(--shade),transparent) right/.75rem 100% no-repeat scroll}
section p,section li{max-width:95ch}
table{border-collapse:collapse;min-width:50%;font-size:.875rem}
caption{text-align:left;font-weight:600;font-size:1rem;padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--grid)}
td{max-width:34rem}
th{color:var(--quiet);font-weight:600;vertical-align:bottom}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th button{all:unset;position:relative;cursor:pointer;color:inherit}
th button:focus-visible{outline:3px solid var(--link)}
th button::after{content:"";position:absolute;left:100%;bottom:0}
th[aria-sort=ascending] button::after{content:"\\2191"}
th[aria-sort=descending] button::after{content:"\\2193"}
td.good{color:var(--good);font-weight:600}td.bad{color:var(--bad);font-weight:600}td.open{color:var(--open);font-weight:600}
figure{margin:1.5rem 0 0}
figcaption h3,figcaption h4{margin-top:0}
.plot{height:20rem}
.plot.heat{height:22rem}
.controls{display:flex;flex-wrap:wrap;gap:.4rem;margin:.25rem 0}
.controls .gap{flex:1}
.controls button[aria-pressed=false]{opacity:.65;text-decoration:line-through}
.controls svg{vertical-align:middle;margin-right:.35rem}
.readout{display:block;min-height:1.5em;font-size:.875rem;color:var(--quiet);font-variant-numeric:tabular-nums}
.tip{font-size:.8125rem;line-height:1.5;max-width:min(28rem,calc(100vw - 3rem));white-space:normal!important;overflow-wrap:anywhere}
.tip b{font-variant-numeric:tabular-nums}
footer{max-width:80rem;margin:0 auto;padding:0 1rem 2rem;font-size:.875rem;color:var(--quiet)}
@media (max-width:40rem){section{padding:.75rem .9rem 1rem}main{padding:.6rem}.verdict{padding:1rem}.plot{height:16rem}.figures{grid-template-columns:repeat(2,1fr)}th,td{padding:.3rem .45rem}.prose,.prose table,.prose caption,.prose tbody,.prose tr,.prose td{display:block}.prose thead{display:none}.prose tr{border-bottom:1px solid var(--grid);padding:.35rem 0}.prose td{border:0;padding:.1rem 0;max-width:none}.prose td.number{text-align:left}.prose td:empty{display:none}.prose [data-name]::before{content:attr(data-name) ": ";color:var(--quiet);font-weight:400}.prose code.short{white-space:normal}}
@media print{.bar,.controls,.readout,.skip{display:none}body{font-size:11pt}main{max-width:none;padding:0}section,.verdict{border-color:#ccc;break-inside:auto}figure,.figures div,tr{break-inside:avoid}.table{overflow:visible}article+article{break-before:page}details.code>pre{max-height:none}}
`;
