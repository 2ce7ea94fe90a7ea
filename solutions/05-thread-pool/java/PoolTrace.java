import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Plays the scripts of scripts.txt on this JDK's ThreadPoolExecutor and prints, as JSON,
 * what the pool looks like after each step, once nothing moves any more.
 *
 * <p>{@code javac -d build PoolTrace.java && java -cp build PoolTrace scripts.txt}
 *
 * <p>Scripts run side by side, each on a pool of its own, so that waiting costs little. A
 * pool counts as settled when nothing changed for {@code CALM} looks, 10 ms apart.
 */
public final class PoolTrace {
    private static final int CALM = 20;

    public static void main(String[] arguments) throws Exception {
        List<PoolTrace> plays = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (String line : java.nio.file.Files.readAllLines(java.nio.file.Path.of(arguments[0]))) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            if (line.startsWith("== ")) {
                plays.add(new PoolTrace(line.substring(3).split(" ")));
            } else {
                plays.get(plays.size() - 1).script.add(line.strip());
            }
        }
        for (PoolTrace play : plays) {
            Thread thread = new Thread(play::play, "player");
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        List<String> texts = new ArrayList<>();
        for (PoolTrace play : plays) {
            texts.add(play.json());
        }
        System.out.println("{\n\"refused\": " + refused() + ",\n\"scripts\": {");
        System.out.println(String.join(",\n", texts) + "\n}\n}");
        System.exit(0);
    }

    /** Which constructor arguments are refused: core, maximum, keep-alive, capacity. */
    private static String refused() {
        int[][] all = {
            {-1, 1, 0, 1}, {0, 0, 0, 1}, {2, 1, 0, 1}, {1, 1, -1, 1}, {1, 1, 0, -1},
            {0, 1, 0, 1}, {1, 1, 0, 1}, {3, 3, 0, 0}, {0, -1, 0, 1}
        };
        List<String> texts = new ArrayList<>();
        for (int[] v : all) {
            boolean refused = false;
            try {
                new ThreadPoolExecutor(v[0], v[1], v[2], TimeUnit.MILLISECONDS, queue(v[3]));
            } catch (IllegalArgumentException error) {
                refused = true;
            }
            texts.add("[[" + v[0] + ", " + v[1] + ", " + v[2] + ", " + v[3] + "], " + refused + "]");
        }
        return "[" + String.join(", ", texts) + "]";
    }

    private static BlockingQueue<Runnable> queue(int capacity) {
        return capacity == 0 ? new SynchronousQueue<>() : new ArrayBlockingQueue<>(capacity);
    }

    private final String[] head; // name core maximum keep-alive-ms capacity policy
    private final List<String> script = new ArrayList<>();
    private final List<String> steps = new ArrayList<>();
    private final ThreadPoolExecutor pool;
    private final Thread[] caller = new Thread[1];
    private final List<String> started = Collections.synchronizedList(new ArrayList<>());
    private final List<String> uncaught = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, CountDownLatch> gates = new ConcurrentHashMap<>();
    private final Map<String, Future<?>> futures =
            Collections.synchronizedMap(new LinkedHashMap<>());
    private List<Runnable> left = List.of();
    private int made = 0;
    private int told = 0;

    private PoolTrace(String[] head) {
        this.head = head;
        BlockingQueue<Runnable> queue =
                head[4].equals("none") ? new LinkedBlockingQueue<>() : queue(Integer.parseInt(head[4]));
        pool =
                new ThreadPoolExecutor(
                        Integer.parseInt(head[1]),
                        Integer.parseInt(head[2]),
                        Integer.parseInt(head[3]),
                        TimeUnit.MILLISECONDS,
                        queue,
                        run -> {
                            made++;
                            Thread thread = new Thread(run, "worker-" + made);
                            thread.setUncaughtExceptionHandler(
                                    (dying, error) -> uncaught.add(error.getMessage()));
                            return thread;
                        },
                        policy(head[5]));
    }

    private static RejectedExecutionHandler policy(String name) {
        return switch (name) {
            case "abort" -> new ThreadPoolExecutor.AbortPolicy();
            case "caller_runs" -> new ThreadPoolExecutor.CallerRunsPolicy();
            case "discard" -> new ThreadPoolExecutor.DiscardPolicy();
            case "discard_oldest" -> new ThreadPoolExecutor.DiscardOldestPolicy();
            default -> throw new IllegalArgumentException(name);
        };
    }

    private void play() {
        caller[0] = Thread.currentThread();
        try {
            for (String step : script) {
                String result = act(step.split(" "));
                settle();
                steps.add("{\"op\": " + quote(step) + ", \"result\": " + result + ", " + look());
            }
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    private String act(String[] words) throws InterruptedException {
        switch (words[0]) {
            case "execute":
            case "submit":
                return offer(words);
            case "open":
                gate(words[1]).countDown();
                return "null";
            case "cancel":
                return String.valueOf(futures.get(words[1]).cancel(false));
            case "poll":
                Runnable polled = pool.getQueue().poll();
                if (polled != null) {
                    polled.run();
                }
                return String.valueOf(polled != null);
            case "shutdown":
                pool.shutdown();
                return "null";
            case "shutdown_now":
                left = pool.shutdownNow();
                return String.valueOf(left.size());
            case "run_left":
                for (Runnable task : left) {
                    task.run();
                }
                return "null";
            case "await":
                long wait = Long.parseLong(words[1]);
                return String.valueOf(pool.awaitTermination(wait, TimeUnit.MILLISECONDS));
            case "idle":
                Thread.sleep(Long.parseLong(words[1]));
                return "null";
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    /** Offers a task: "execute NAME KIND [OTHER]". */
    private String offer(String[] words) {
        Runnable task = task(words);
        try {
            if (words[0].equals("execute")) {
                pool.execute(task);
            } else {
                futures.put(words[1], pool.submit(task, words[1]));
            }
            return "\"taken\"";
        } catch (RejectedExecutionException error) {
            return "\"rejected\"";
        } catch (IllegalStateException error) { // a failing task that its caller ran
            return "\"failed\"";
        }
    }

    private Runnable task(String[] words) {
        String name = words[1];
        String kind = words[2];
        return () -> {
            boolean here = Thread.currentThread() == caller[0];
            started.add(name + "@" + (here ? "caller" : Thread.currentThread().getName()));
            if (kind.startsWith("wait")) {
                await(gate(name));
            }
            if (kind.endsWith("spawn")) {
                String[] child = {"execute", words[3], "run"};
                started.add(words[3] + " " + offer(child).replace("\"", ""));
            }
            if (kind.endsWith("fail")) {
                throw new IllegalStateException(name);
            }
        };
    }

    /** Waits whatever happens: an interrupt is not what these scripts are about. */
    private static void await(CountDownLatch gate) {
        while (true) {
            try {
                gate.await();
                return;
            } catch (InterruptedException again) {
                continue;
            }
        }
    }

    private CountDownLatch gate(String name) {
        return gates.computeIfAbsent(name, key -> new CountDownLatch(1));
    }

    private void settle() throws InterruptedException {
        String before = "";
        for (int calm = 0; calm < CALM; calm++) {
            String now = counts() + started.size() + outcomes() + uncaught.size();
            if (!now.equals(before)) {
                calm = 0;
            }
            before = now;
            Thread.sleep(10);
        }
    }

    private String counts() {
        return "\"size\": " + pool.getPoolSize()
                + ", \"active\": " + pool.getActiveCount()
                + ", \"queued\": " + pool.getQueue().size()
                + ", \"largest\": " + pool.getLargestPoolSize()
                + ", \"completed\": " + pool.getCompletedTaskCount()
                + ", \"shutdown\": " + pool.isShutdown()
                + ", \"terminated\": " + pool.isTerminated();
    }

    private String look() {
        List<String> fresh = new ArrayList<>(started.subList(told, started.size()));
        told = started.size();
        return counts() + ", \"started\": " + list(fresh) + ", \"uncaught\": " + list(uncaught)
                + ", \"futures\": " + outcomes() + "}";
    }

    private String outcomes() {
        List<String> texts = new ArrayList<>();
        synchronized (futures) {
            futures.forEach((name, future) -> texts.add(quote(name) + ": " + quote(state(future))));
        }
        return "{" + String.join(", ", texts) + "}";
    }

    private static String state(Future<?> future) {
        if (!future.isDone()) {
            return "open";
        }
        if (future.isCancelled()) {
            return "cancelled";
        }
        try {
            return "value " + future.get();
        } catch (ExecutionException error) {
            return "error " + error.getCause().getMessage();
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    private String json() {
        String pool = "\"core\": " + head[1] + ", \"maximum\": " + head[2]
                + ", \"keep_alive_ms\": " + head[3]
                + ", \"capacity\": " + (head[4].equals("none") ? "null" : head[4])
                + ", \"policy\": " + quote(head[5]);
        return quote(head[0]) + ": {" + pool + ", \"steps\": [\n  " + String.join(",\n  ", steps) + "]}";
    }

    private static String list(List<String> items) {
        List<String> texts = new ArrayList<>();
        synchronized (items) {
            items.forEach(item -> texts.add(quote(item)));
        }
        return "[" + String.join(", ", texts) + "]";
    }

    private static String quote(String text) {
        return '"' + text + '"';
    }
}
