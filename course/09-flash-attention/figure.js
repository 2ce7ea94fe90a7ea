// Lesson 9: the kernel walks over tiles, and what that costs on the chip and on its memory bus.
import "../../site/figures/index.js";
import { bytes } from "../../site/figures/draw.js";
import { defineFigure } from "../../site/figures/figure.js";
import { bytesPanel, curvePanel } from "./figure-bytes.js";
import { flashBytes, LIMITS, resident, schedule, shapeOf, standardBytes, whereIs } from "./figure-model.js";
import { roof } from "./figure-roof.js";
import { row } from "./figure-row.js";
import { chipPanel, tilesPanel } from "./figure-tiles.js";

const TILES = [16, 32, 64, 128, 256];

export const flash = {
  start: () => ({ n: 512, d: 64, bq: 64, bk: 64, causal: false, step: 29 }),
  limits: { n: [128, 4096], d: [32, 128], bq: [16, 256], bk: [16, 256], step: [0, 65536] },
  panels: (state, trace) => [tilesPanel(state), chipPanel(state), bytesPanel(state), curvePanel(state, trace)],
  controls: (state) => [
    { kind: "step", key: "step", label: "tile", min: 0, max: schedule(shapeOf(state)).total, show: (k) => `${Math.min(k, schedule(shapeOf(state)).total)} of ${schedule(shapeOf(state)).total}` },
    { kind: "pick", key: "n", label: "N (= M)", values: [128, 256, 512, 1024, 2048, 4096] },
    { kind: "pick", key: "d", label: "d", values: [32, 64, 128] },
    { kind: "pick", key: "bq", label: "BLOCK_M", values: TILES },
    { kind: "pick", key: "bk", label: "BLOCK_N", values: TILES },
    { kind: "check", key: "causal", label: "causal: skip tiles above the diagonal" },
    { kind: "button", label: "Run to the end", patch: { step: schedule(shapeOf(state)).total } },
  ],
  sentence(state) {
    const shape = shapeOf(state);
    const { done, program, tile, ofTiles, rows, total } = whereIs(state);
    const sum = ({ loaded, stored }) => loaded + stored;
    const all = sum(flashBytes(shape));
    const ratio = sum(standardBytes(shape)) / all;
    const now = done === 0 ? "Nothing has been loaded yet."
      : done === total ? `All ${rows} programs are done.`
        : `Program ${program + 1} of ${rows} has done tile ${tile + 1} of ${ofTiles}.`;
    return `${now} Flash moves ${bytes(all)} in total, the standard way ${bytes(sum(standardBytes(shape)))}: `
      + (ratio >= 1 ? `${ratio.toFixed(1)} times as much.` : `${(1 / ratio).toFixed(1)} times less.`);
  },
  warning(state) {
    const shape = shapeOf(state);
    const { total } = resident(shape);
    const over = LIMITS.filter(({ limit }) => total > limit);
    if (over.length === LIMITS.length) return `One program needs ${bytes(total)} on the chip; even an H100 multiprocessor has only 228 KiB. Make a tile smaller.`;
    if (over.length) return `One program needs ${bytes(total)}: that fits an H100 multiprocessor (228 KiB), not an A100 one (164 KiB).`;
    const { loaded, stored } = flashBytes(shape);
    const standard = standardBytes(shape);
    return loaded + stored > standard.loaded + standard.stored
      ? `Blocks of ${state.bq} rows read K and V ${Math.ceil(state.n / state.bq)} times over: more traffic than the standard way.` : "";
  },
  hint: "Click a tile to run up to it; drag the dot on the curve to resize the block.",
  reserve: [303, 512],
  traced: true,
  caption: "Each program keeps one block of Q, its running m, l and acc on the chip while blocks of K and V stream past. "
    + "The N × M matrix is never stored, and taller blocks read K and V fewer times, until the chip is full.",
};

defineFigure("g2k-flash", flash);
defineFigure("g2k-row", row);
defineFigure("g2k-roof", roof);
