/** A person may not do this. */
export class Forbidden extends Error {
  constructor(user: string, verb: string, namespace: string) {
    const where = namespace === '' ? 'in all namespaces' : `in namespace ${namespace}`;
    super(
      `${user} may not ${verb} experiments.serin.dev ${where}; a Role with that verb allows it (docs/approvals.md)`,
    );
    this.name = 'Forbidden';
  }
}

/** Nobody is logged in, or not any more. */
export class NotLoggedIn extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotLoggedIn';
  }
}
