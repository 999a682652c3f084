package libchdb

import (
	"fmt"
	"io"
	"time"
)

// Stage is a step of [Fetch].
type Stage string

// The steps of a fetch, in order. A library that is in the cache already takes
// none of them.
const (
	StageWait     Stage = "wait"     // another process fetches the same library
	StageDownload Stage = "download" // npm downloads the package
	StageVerify   Stage = "verify"   // the package is compared with its SHA-512
	StageUnpack   Stage = "unpack"   // the library is unpacked
	StageDone     Stage = "done"     // the library is in the cache
)

// Progress is how far a step has come.
type Progress struct {
	Stage   Stage
	Done    int64 // bytes
	Total   int64 // bytes; 0 when not known beforehand
	Elapsed time.Duration
}

// PrintProgress returns a function for [Config.Progress] that prints a line at
// each step and every 3 s during one.
func PrintProgress(w io.Writer) func(Progress) {
	const every = 3 * time.Second
	var stage Stage
	var last time.Duration
	return func(p Progress) {
		if p.Stage == stage && p.Elapsed-last < every {
			return
		}
		if p.Stage != stage || p.Done > 0 {
			// An error of w is ignored: nothing depends on what is printed.
			_, _ = fmt.Fprintln(w, p)
		}
		stage, last = p.Stage, p.Elapsed
	}
}

// String is a line for a person, such as
// "ClickHouse engine: downloading, 36 of 178 MB (20 %), 3 s".
func (p Progress) String() string {
	const prefix = "ClickHouse engine: "
	switch p.Stage {
	case StageWait:
		return prefix + "waiting for another process that is fetching it"
	case StageDownload:
		if p.Done == 0 {
			return prefix + "downloading" + p.size() + " with npm (only this once)"
		}
		if p.Done == p.Total {
			return prefix + fmt.Sprintf("downloaded, npm is finishing, %d s", int(p.Elapsed.Seconds()))
		}
		return prefix + "downloading, " + p.amount()
	case StageVerify:
		return prefix + "checking the download"
	case StageUnpack:
		return prefix + "unpacking, " + p.amount()
	case StageDone:
		return prefix + fmt.Sprintf("ready after %d s", int(p.Elapsed.Seconds()))
	}
	return prefix + string(p.Stage)
}

const megabyte = 1_000_000

func (p Progress) size() string {
	if p.Total == 0 {
		return ""
	}
	return fmt.Sprintf(" %d MB", (p.Total+megabyte/2)/megabyte)
}

func (p Progress) amount() string {
	seconds := int(p.Elapsed.Seconds())
	if p.Total == 0 {
		return fmt.Sprintf("%d MB, %d s", p.Done/megabyte, seconds)
	}
	return fmt.Sprintf("%d of%s (%d %%), %d s", p.Done/megabyte, p.size(), p.Done*100/p.Total, seconds)
}
