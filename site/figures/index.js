// The elements of the kit that any chapter may use without a figure of its own.
import { definePredict } from "./predict.js";

definePredict();
