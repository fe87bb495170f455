/**
 * The URL of a module by its path from another one, in the other's form: TypeScript among the sources, JavaScript in the package.
 *
 * @param moduleUrl `import.meta.url` of the other module
 * @param path relative and without an ending: `./guard`
 */
export function siblingModule(moduleUrl: string, path: string): string {
  return moduleUrl.replace(/[^/]*(\.[jt]s)$/, (_, ending: string) => `${path}${ending}`);
}
