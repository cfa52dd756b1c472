/**
 * Start something in its places. Where that fails, each says so and keeps what was drawn when the book was built.
 * @param {Element[]} places @param {string} notice the selector of the line for messages in a place
 * @param {() => T} start @returns {T | null} what start returned; null when it failed @template T
 */
export function started(places, notice, start) {
  try {
    return start();
  } catch (error) {
    for (const el of places) {
      el.querySelector(notice).textContent = `This could not start, so nothing can be changed here. You see it as it was published. (${error.message})`;
    }
    return null;
  }
}
