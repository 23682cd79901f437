/** What the legend explains, as layers of every chart of dots; their data has `doubt` and `collapsed`. */

/** A ring about a dot whose robust accuracy is doubted: dashed where it is suspect, whole where it failed its checks. */
export const ring = (encoding: object) => ({
  transform: [{ filter: "datum.doubt !== 'none'" }],
  mark: { type: "point", shape: "circle", filled: false, strokeWidth: 1.3, clip: true, aria: false, stroke: "#d0342c" },
  encoding: {
    strokeDash: { condition: { test: "datum.doubt === 'suspect'", value: [3, 2] }, value: [1, 0] },
    ...encoding,
  },
});

/** A cross in a dot that collapsed, which is hollow. */
export const cross = (encoding: object) => ({
  transform: [{ filter: "datum.collapsed" }],
  mark: { type: "point", shape: "M-0.6,-0.6L0.6,0.6M0.6,-0.6L-0.6,0.6", strokeWidth: 1.4, clip: true, aria: false },
  encoding,
});
