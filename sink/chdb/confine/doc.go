// Package confine puts this process behind a wall that the operating system
// holds, before the process loads code that it does not trust.
//
// In comes a [Plan]: the files that the process still needs, and a message. Out
// goes the message and a [State], which says what holds. Everything else is out
// of reach afterwards, for every thread and for good: other files, new sockets
// and connections, other programs, other processes.
//
// On Linux the wall has two parts. Landlock bounds the files. It binds only the
// thread that asks for it and what that thread starts, and a Go process has
// several threads before main begins. [Enter] therefore restricts one thread and
// lets it execute this program anew, which ends all other threads; the message
// travels in a memory file. A seccomp filter then bounds the system calls of all
// threads at once. [State.Check] proves both from several threads.
//
// Neither part needs privileges or cgo. Where the kernel lacks one, [Auto] goes
// on with the other and State says what is missing, and [Require] returns an
// error. Other systems than Linux have neither.
//
// What the wall does not stop: reading and writing descriptors that are open
// already, listening sockets and connections of clients included; looking at the
// size and times of files elsewhere; reading /proc/self.
package confine
