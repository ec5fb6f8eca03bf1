// Returns a function that runs a task a while after it was last called; never twice at once.
export function debounced(delay, task) {
  let timer = 0, isRunning = false, isWanted = false;

  async function run() {
    if (isRunning) {
      isWanted = true;
      return;
    }
    isRunning = true;
    try {
      await task();
    } finally {
      isRunning = false;
    }
    if (isWanted) {
      isWanted = false;
      run();
    }
  }

  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, delay);
  };
}
