/** Whether a process of this id exists, ours or another's. */
export function isAlive(pid: number): boolean {
  // 0 and below stand for groups.
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
