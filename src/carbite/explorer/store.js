/** A state that others can watch. */
export function createStore(state) {
  const watchers = new Set();
  return {
    get: () => state,
    set(next) {
      state = next;
      watchers.forEach((watch) => watch(state));
    },
    watch(callback) {
      watchers.add(callback);
      return () => watchers.delete(callback);
    },
  };
}
