// Random draws that the page and Python make alike: Mersenne Twister MT19937, as in NumPy's RandomState (draws.py).
// Matsumoto and Nishimura's generator, with its constants under the names that they have there.

const TWISTER_WORDS = 624;
const TWISTER_SHIFT = 397;
const TWISTER_MATRIX = 0x9908b0df;
const TWISTER_UPPER = 0x80000000;
const TWISTER_LOWER = 0x7fffffff;
const DRAWS_SEED = 1;

/** Fractions in [0, 1) of 53 bits: what RandomState(seed).random_sample() gives, one a call. */
export function fractionsFrom(seed) {
  const state = new Uint32Array(TWISTER_WORDS);
  state[0] = seed;
  for (let i = 1; i < TWISTER_WORDS; i += 1) {
    const previous = state[i - 1] ^ (state[i - 1] >>> 30);
    state[i] = Math.imul(1812433253, previous) + i;
  }
  let at = TWISTER_WORDS;
  const word = () => {
    if (at === TWISTER_WORDS) {
      for (let i = 0; i < TWISTER_WORDS; i += 1) {
        const y = (state[i] & TWISTER_UPPER) | (state[(i + 1) % TWISTER_WORDS] & TWISTER_LOWER);
        state[i] = state[(i + TWISTER_SHIFT) % TWISTER_WORDS] ^ (y >>> 1) ^ (y & 1 ? TWISTER_MATRIX : 0);
      }
      at = 0;
    }
    let y = state[at];
    at += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  return () => {
    const high = word() >>> 5;
    return (high * 67108864 + (word() >>> 6)) / 9007199254740992;
  };
}

const normalsDrawn = new Map();

/** Standard normal deviates by Box and Muller's transform, count rows of so many columns behind one another; made once. */
export function normalDraws(count, columns) {
  const key = `${count} ${columns}`;
  if (!normalsDrawn.has(key)) {
    const fraction = fractionsFrom(DRAWS_SEED);
    const deviates = new Float64Array(count * columns);
    for (let i = 0; i < deviates.length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - fraction()));
      const angle = 2 * Math.PI * fraction();
      deviates[i] = radius * Math.cos(angle);
      deviates[i + 1] = radius * Math.sin(angle);
    }
    normalsDrawn.set(key, deviates);
  }
  return normalsDrawn.get(key);
}
