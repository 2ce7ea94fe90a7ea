// Lesson 7: gradients under a loss scale; rounding, the scaler and three ways to train.
import "../../site/figures/index.js";
import { defineFigure } from "../../site/figures/figure.js";
import { round } from "./figure-round.js";
import { scaler } from "./figure-scaler.js";
import { training } from "./figure-training.js";
import { underflow } from "./figure-underflow.js";

defineFigure("g2k-underflow", underflow);
defineFigure("g2k-round", round);
defineFigure("g2k-scaler", scaler);
defineFigure("g2k-training", training);
