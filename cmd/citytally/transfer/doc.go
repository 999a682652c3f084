// Package transfer puts an installation's data elsewhere: out of a backup into a broker, and
// from one broker to another.
//
// In come settings, which name the broker: the embedded one of a data directory on which nothing
// runs, or one of another machine or cluster without streams. [Restore] puts the newest backup of
// a directory there, and the files that belong into the data directory; [Move] takes a backup of
// one broker and restores it into the other.
//
// What never happens: a log that is replaced before the new one is whole; data that are deleted,
// for the embedded broker's older data are moved aside.
package transfer
