// Lesson 8: taps between pixels, and what a trained layer does with them.
import "../../site/figures/index.js";
import { defineFigure } from "../../site/figures/figure.js";
import { grow } from "./figure-grow.js";
import { taps } from "./figure-taps.js";

defineFigure("g2k-taps", taps);
defineFigure("g2k-grow", grow);
