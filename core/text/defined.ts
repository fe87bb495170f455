/** The members of `T` without undefined: those that may be undefined become optional. */
export type Defined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The members that have a value, so that an absent one neither hides a default nor counts as given. */
export function defined<T extends object>(members: T): Defined<T> {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  // Only undefined members are left out, which is what the type says.
  return Object.fromEntries(given) as Defined<T>;
}
