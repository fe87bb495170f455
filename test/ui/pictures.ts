import { fileURLToPath } from 'node:url';

/** The pictures of docs/page.md by their names, and the states that they show; undefined is the list. */
export const pictures: Readonly<Record<string, string | undefined>> = {
  list: undefined,
  experiment: 'climbing',
  approval: 'gate',
  'rolled-back': 'rolled-back',
};

/** The file of a picture; without a name the folder of all. */
export function pictureFile(name?: string): string {
  return fileURLToPath(new URL(`../../docs/pictures/${name === undefined ? '' : `${name}.png`}`, import.meta.url));
}
