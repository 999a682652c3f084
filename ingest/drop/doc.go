// Package drop takes files from folders into which districts put them.
//
// In comes a directory with a folder for each area, <area> or <area>/<dataset>; files that lie
// still in it go to the gateway ([Gateway]) and end in done or refused beside where they lay,
// with the verdict as text and, where something was found, as a workbook.
//
// A file is claimed before it is read: it is renamed into .taken, below a name that says from
// which place of the log on its submission would be. Whoever finds a claim that was left looks
// for the submission from there on and goes on from there, so that neither a kill at any place
// nor several processes on one folder send it twice. The rename also keeps what is put under the
// same name meanwhile apart from what is being sent.
//
// Folders are looked at in intervals, because a network share tells of no changes.
//
// What never happens: a file that is being written is read; a link is followed, or anything
// outside of an area's folder is touched; a file is moved before its submission has a receipt, or
// lost where it cannot be moved.
package drop
