// Numbers as text, the same in both languages: the counterpart of formats.py. Sentences are filled by text.js.

// Both languages compute a number with different rounding in its last digits; what is a half but for those is a half.
const HALF = 0.5 + 1e-9;

/** A number with so many decimals, a half upwards, and commas between thousands: "31,682". */
export function rounded(value, decimals = 0) {
  const scale = 10 ** decimals;
  const [whole, rest] = (Math.floor(value * scale + HALF) / scale).toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}

/** A number rounded to so many significant digits, written out: "0.0012", "0.35", "120", "31,000". */
export function significant(value, digits = 2) {
  if (value === 0) return "0";
  const decimals = digits - 1 - Math.floor(Math.log10(Math.abs(value)) + 1e-9);
  if (decimals >= 0) return rounded(value, decimals);
  const unit = 10 ** -decimals;
  return rounded(Math.floor(value / unit + HALF) * unit);
}
