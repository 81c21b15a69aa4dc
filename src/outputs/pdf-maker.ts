// Lays out a PDF by pdfmake, with its own fonts embedded. Nothing is fetched, and no file but the fonts is read.

import { createRequire } from 'node:module';
import path from 'node:path';
import type { PdfDefinition } from '../report/pdf/definition.ts';

export async function makePdf(definition: PdfDefinition): Promise<Uint8Array> {
  const { default: pdfmake } = await import('pdfmake');
  const folder = path.join(
    path.dirname(createRequire(import.meta.url).resolve('pdfmake/package.json')),
    'fonts/Roboto',
  );
  const font = (style: string): string => path.join(folder, `Roboto-${style}.ttf`);
  pdfmake.setUrlAccessPolicy(() => false);
  pdfmake.setLocalAccessPolicy((file) => path.dirname(file) === folder);
  pdfmake.setFonts({
    Roboto: {
      normal: font('Regular'),
      bold: font('Medium'),
      italics: font('Italic'),
      bolditalics: font('MediumItalic'),
    },
  });
  return pdfmake.createPdf(definition).getBuffer();
}
