// Package bench measures the pipeline on the machine it runs on, and what the
// pipeline stands on, in one run on the same data.
//
// In come settings, a [Config], and made-up submissions (package load); [Run] puts
// pipelines on directories of their own through one phase after the other; out goes
// a [Result]. Phases that belong together share a pipeline: direct insert, backlog,
// latency and recomputation on one, uploads over HTTP on another; a process of its
// own is started on the first one's log last.
//
// What never happens: a change to an installation in use; a rate from a phase whose
// rows or totals are not all there.
package bench
