/** What a container of a known image does on this node. */
export type ImageBehaviour =
  /** Answers HTTP requests with a line of text. */
  | { readonly kind: 'server'; readonly body: (environment: ReadonlyMap<string, string>) => string }
  /** Runs the load generator with the container's arguments, as a program of this machine. */
  | { readonly kind: 'fortio' }
  /** serin itself. */
  | { readonly kind: 'product' };

const demo: ImageBehaviour = {
  kind: 'server',
  body: (environment) => environment.get('T_VERSION') ?? environment.get('TARGET') ?? 'hello',
};

const images: Readonly<Record<string, ImageBehaviour>> = {
  'gcr.io/knative-samples/knative-route-demo:blue': demo,
  'gcr.io/knative-samples/knative-route-demo:green': demo,
  'gcr.io/knative-samples/knative-route-demo:red': demo,
  'gcr.io/knative-samples/helloworld-go': demo,
  'fortio/fortio': { kind: 'fortio' },
  'fortio/fortio:latest': { kind: 'fortio' },
};

/** What the image does, or `undefined` when it does not exist here: then its container never starts. */
export function imageBehaviour(image: string): ImageBehaviour | undefined {
  // The chart names it by its own version.
  if (/^serin(:|@|$)/.test(image)) return { kind: 'product' };
  return images[image];
}
