"""Guided lessons: read, run, remembered, checked. What faces hold is a `course.LessonRun`.

    lesson = read_lesson(path)                  reading: strict, one message for what is wrong
    run = LessonRun.begin(lesson)               course: a bench, the current step, going on
    Progress().save(run); .resume(lesson)       progress: under the user's state folder
    check_file(path) -> [Problem, ...]          checking: does all that a lesson says
    check(lesson, driver="threaded")            those solutions on real threads that need no history
    find_lesson("3")                            shelf: by number, name or file
    new_lesson(path); record(bench)             template, recording: to begin writing one
    walk_through(lesson)                        walkthrough: each step and its answer in Markdown
    make_handout(lesson, answers, picture)      handout: on paper; as_markdown, as_html
    Presentation(lesson)                        presenting: slides
    submission_of(run, name)                    submission: what is handed in
    grade_file(path, lesson_finder(lessons))    grading: what of it holds when it is done again

A lesson is a TOML file, `lessons/NN-name.toml`, of at most 256 kB:

    title, aim      text                        know      list of texts: what to know first
    minutes         1 to 240                    source    list of `aclbench.engine.module:function`
    scenario        a bundled scenario's name, or a .toml file beside the lesson; or
    [bench]         workers, placement, design, cli: command lines (a list, or one text); and
                    streams, a list of {name, pcap, source, limit}: captures beside the lesson, or
                    bundled ones, whose packets enter `source` by `packet-generator enable-stream`
    [[steps]]       1 to 100 of them; each has `kind`, may have `set_up` (lines that are run as it
                    is entered) and `fresh = true` (it begins on a new bench)

    read            text (Markdown)
    predict         question; options, a list of {label, when}: exactly one `when` is to be true
                    once `run` was run, and that is the answer; why, with {expressions} in braces.
                    "Not sure" is added.
    task            text; goal (an expression), or parts, a list of {when, missing}, or both: all
                    have to be true at once, and `missing` is said of what is not; exactly three
                    hints {text, run}; solution; others: at least one list of lines that does it,
                    too; near: at least two {run, says} that do not, and words of what is then said
    experiment      text; run; look = {text, at}: `at` is a thing on the screen, which the cursor is
                    put on: session 1/0, list vpp_wk_0 udp_idle, field cleaner wait_interval

The lines of a lesson are those that can be typed, but for what reads or writes files, leaves, or
begins anew: exec, save, load, quit, reset, packet-generator new.

An expression is a condition in Python's own syntax (`aclbench.expressions`), over the bench now and
the events since the step was entered:

    numbers         3, 0.5, 1_000_000; times are nanoseconds: 250 * us, 500 * ms, 120 * seconds,
                    2 * minutes, 24 * hours, 7 * days
    texts           "pg0", 'pg0'                (no escapes)
    signs           + - * /  == != < <= > >=  a < b < c  and or not  ( )
                    in, not in: an item of a list, a part of a text;  is None, is not None
    lists           workers[0], workers[-1], len(workers)
    now, started    the time on VPP's clock, and when the run began;  elapsed: since then
    sessions        .live .added .deleted .requeued .recycled .peak .by_list
    packets         .read .checked .permitted .denied .delivered .dropped .unchecked
                    .not_ip .malformed
    cleaner         .wait_interval .interrupts_sent ... (`snapshot.CleanerView`)
    worker(0)       vpp_wk_0: .interrupt_is_needed .requeued ... (`WorkerView`);
                    .list(tcp_idle): .length .head .tail .head_expiry_time .sessions (`ListView`)
    vpp_main()      thread 0, a worker as well
    workers, interfaces, all_sessions           lists
    session("10.0.0.2:1234 > 192.168.0.2:80")   .link_list_id .idle .tcp_flags_seen_in ...
                    (`SessionView`), as its interface sees it come in; with or without ` tcp`
                    behind it, and an interface as second argument
    interface("pg0")                            .sessions .input_acls ... (`InterfaceView`)
    acl(0)          .rules (how many) .permits .reflects .denies .tag
    timeout(tcp_idle), shortest_timeout, max_entries
    udp_idle, tcp_idle, tcp_transient           the classes, and the lists of their sessions
    happened(deleted), happened(deleted, session=0, thread_index=1)     since the step began
    count(packet, fate="denied", rx="pg1")      how often
    latest(packet).reason                       the latest one's fields; None if there is none
    events(requeued)                            all of them, a list
    any(w.requeued > 2 for w in workers)        also all, sum, max, min; `if` leaves some out
    has_flags(number, "SA"), in_bitmap(number, "pg0"), class_name(number)
    duration(number)                            a time as text: "2.5 s"
    typed("set acl-plugin acl")     how many command lines since the step began have these first
                    words, written in full; so a task can forbid what it does not want
    would("pg1 udp 10.9.9.9:5 > 10.0.0.2:53").fate, .reason, .tx    as `explain` tells it; nothing
                    is sent. On a run of many events it takes its time.

Events are added, class_changed, requeued, deleted, recycled, interrupt_sent, interrupt_served,
flag_set, clear_started, clear_finished, sweep_started, sweep_finished, wait_changed,
rules_replaced, design and packet, with the fields of `engine.events` and: session (its index),
owner, interface, connection; of a packet fate, reason, node, acl, rule, rx, tx.

What is not there is None: so is a field of None, and None is neither true, nor more or less than
anything. All is bounded: 2,000 characters, nested 30 deep, a million looks, numbers of 128 bits.
Names, fields and types are checked as the lesson is read.
"""
