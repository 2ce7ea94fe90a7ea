// Lesson 5's figure: what it reads off a recorded schedule must obey the rules of locks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NAMES, schedule } from "../../../course/05-thread-pool/figure.js";
import { booksOf, eventOf, ruleOf, said, stretches, threadsAt } from "../../../course/05-thread-pool/figure-runs.js";
import { merges, play } from "../../../course/05-thread-pool/figure-twenty.js";
import { readTrace } from "../../../site/figures/static.mjs";

const trace = readTrace("05-thread-pool");
const runs = Object.entries(trace.runs);

test("lesson 5: every recorded run can be chosen, and the menu names it", () => {
  assert.deepEqual(runs.map(([name]) => name).sort(), [...NAMES].sort());
  for (const [, run] of runs) assert.ok(run.title && run.events.length > 5);
});

test("lesson 5: a lock has one holder at a time, and a sleeper does nothing before it wakes", () => {
  for (const [name, run] of runs) {
    for (let step = 0; step < run.events.length; step += 1) {
      const threads = threadsAt(run, step);
      const { thread, op } = eventOf(run, step);
      if (threads[thread].asleep) assert.equal(op, "wake", `${name}, ${step}`);
      else assert.notEqual(op, "wake", `${name}, ${step}`);
      assert.ok(threads[thread].begun || op === "begin", `${name}, ${step}: ${op} before it began`);
      if (name === "nest") continue; // a pool and its futures have locks of their own
      const holders = threads.flatMap((one) => one.holds);
      assert.equal(new Set(holders).size, holders.length, `${name}, ${step}: ${holders}`);
    }
  }
});

test("lesson 5: Java's rules hold at every step", () => {
  const run = trace.runs.java;
  for (let step = 0; step <= run.events.length; step += 1) {
    const { queue, pool, doing = {} } = booksOf(run, step);
    assert.ok(queue.length <= 3 && pool <= 4 && Object.keys(doing).length <= pool);
    if (pool > 2 && step <= run.opening) assert.equal(queue.length, 3, "extra workers only where the queue is full");
  }
  const starts = run.events.filter(([, op]) => op.startsWith("run ")).map(([, op]) => op.slice(4));
  assert.deepEqual(starts, trace.order.java.order);
  assert.deepEqual(starts, ["t1", "t2", "t6", "t7", "t3", "t4", "t5"]);
  assert.deepEqual(trace.order.java.refused, ["t8", "t9"]);
});

test("lesson 5: Python's rules start the tasks as they came", () => {
  const { order, refused } = trace.order.python;
  assert.deepEqual(order, ["t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"]);
  assert.deepEqual(refused, []);
});

test("lesson 5: a failing schedule says how it ends, what collides, and why", () => {
  for (const [name, run] of runs) {
    const { sentence, warning } = schedule;
    const end = { run: name, step: run.events.length };
    assert.equal(Boolean(warning(end, trace)), Boolean(run.ending), name);
    assert.equal(warning({ run: name, step: 0 }, trace), "");
    assert.ok(sentence(end, trace).length > 10);
    if (!run.ending) continue;
    const [from, to] = run.link;
    assert.ok(from >= 0 && from < to && to < run.events.length, name);
    assert.ok(run.why && run.remedy && run.words.length === 2);
  }
});

test("lesson 5: each operation has words, and each decision of the pool its rule", () => {
  for (const [name, run] of runs) {
    run.events.forEach((_, k) => assert.match(said(run, k), /^\w+ [a-z]+/, `${name}, ${k}`));
    for (const { from, to } of stretches(run)) assert.ok(from < to, name);
  }
  const rules = trace.runs.java.events.map((_, k) => ruleOf("java", trace.runs.java, k));
  assert.equal(rules.filter((rule) => rule.includes("with this task")).length, 4);
  assert.equal(rules.filter((rule) => rule.includes("waits there")).length, 3);
  assert.equal(rules.filter((rule) => rule.includes("refuses")).length, 2);
});

test("lesson 5: the twenty schedules are the reference's, in its order", () => {
  const live = merges("AAA", "BBB").map(play).map(({ schedule: who, preemptions, x }) => [who, preemptions, x]);
  assert.deepEqual(live, trace.twenty);
  assert.equal(live.filter(([, , x]) => x === 1).length, 18);
});
