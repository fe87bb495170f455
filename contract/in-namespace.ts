/** What is done for the experiments of one namespace: serin acts as that namespace's account. */
export interface InNamespace {
  /** The experiment's namespace, as whose account serin acts. */
  readonly namespace: string;
}
