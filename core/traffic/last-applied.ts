/** kubectl's copy of what was applied: it says all of the object again. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
