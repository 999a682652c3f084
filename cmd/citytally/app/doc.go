// Package app is the running application: the embedded broker and ClickHouse, or
// connections to real ones, and the stages of the pipeline on top of them.
//
// In come settings and the stages to run. [Open] takes the data directory, opens
// everything that the stages stand on, and records the instance, by which other
// commands find it ([FindInstance]); [Pipeline.Run] works until its context ends
// and drains; [Pipeline.Close] tears down in the reverse order of opening. Out go
// metrics, health and readiness over HTTP, one log line for each step in a
// stage's life, and memory, which is returned to the system once work is done.
//
// What never happens: two applications on one data directory; a goroutine that
// outlives Close; a choice of server or of store outside the settings.
package app
