package reconcile

import (
	"slices"

	"github.com/citytally/citytally/ingest/stream"
)

// ClickHouse is the Holder of a divergence between the log and the projection.
const ClickHouse = "ClickHouse"

// Divergence says that one record of the past does not go with another: a stream with a
// stream that was made from it, or the log with the projection.
type Divergence struct {
	Kind DivergenceKind `json:"kind"`
	// Stream is the stream in question, and Last the sequence of its newest message.
	Stream string `json:"stream"`
	Last   uint64 `json:"last"`
	// Holder is who knows otherwise: a stream or ClickHouse. Known is the sequence in
	// Stream that it knows of.
	Holder string `json:"holder"`
	Known  uint64 `json:"known"`
	// Detail says more of a Replaced message, names both logs of OtherLog, and at which sequences messages are Unreadable.
	Detail string `json:"detail,omitempty"`
	// WithVerdicts says of a SUBMISSIONS that was created anew that VERDICTS was too, so that nothing in the
	// log tells of submissions of which nothing was accepted: what comes would get their places.
	WithVerdicts bool `json:"with_verdicts,omitempty"`
}

// DivergenceKind says how two records diverge.
type DivergenceKind string

// The kinds of divergence.
const (
	// TailLost is a stream that ends before what its holder knows of it.
	TailLost DivergenceKind = "tail_lost"
	// HeadLost is a stream that is kept for ever and lacks its first Known messages.
	HeadLost DivergenceKind = "head_lost"
	// Anew is a stream that was lost and created anew: it lacks what it held.
	Anew DivergenceKind = "created_anew"
	// Gone is a stream that the broker does not have.
	Gone DivergenceKind = "gone"
	// FilesGone is a stream of which files were removed while the broker runs, which does not notice.
	FilesGone DivergenceKind = "files_gone"
	// VerdictsLost are verdicts that VERDICTS lacks and ClickHouse has, on submissions that
	// SUBMISSIONS still has.
	VerdictsLost DivergenceKind = "verdicts_lost"
	// VerdictsMoved are verdicts that VERDICTS has at other places than ClickHouse.
	VerdictsMoved DivergenceKind = "verdicts_moved"
	// Replaced is a message that is another one in the log than in the projection.
	Replaced DivergenceKind = "replaced"
	// WrittenOver are Known messages of SUBMISSIONS that are others than those that were judged at their
	// places, which Detail names.
	WrittenOver DivergenceKind = "written_over"
	// Unreadable are Known messages of a stream, which Detail names, that the broker has and
	// cannot read, or that it lacks and the projection has rows of.
	Unreadable DivergenceKind = "unreadable"
	// OtherLog is a log of another id than that from which the projection was filled, or of an
	// earlier generation.
	OtherLog DivergenceKind = "other_log"
	// Behind is a projection that lacks what it had confirmed.
	Behind DivergenceKind = "behind"
)

// Richer returns the side that holds more, or "" where each has what the other lacks.
func (d *Divergence) Richer() string {
	switch d.Kind {
	case TailLost, VerdictsLost:
		return d.Holder
	case Behind:
		return d.Stream
	}
	return ""
}

// StopsSink reports whether rows of the log must not be stored while the divergence stands.
// Totals alone stop nothing: a recomputation mends them.
func (d *Divergence) StopsSink() bool {
	return d.Kind == Replaced || d.Kind == OtherLog || d.Kind == VerdictsLost || d.Stream == stream.Releases && d.Kind != Unreadable && d.MendsBySubmissions() ||
		d.Kind == TailLost && d.Holder == ClickHouse && d.Stream != stream.Totals && !slices.Contains(remembered(), d.Stream)
}

// StopsTransform reports whether nothing must be judged and totalled while the divergence stands.
func (d *Divergence) StopsTransform() bool {
	return (d.Kind == HeadLost || d.Kind == Unreadable) && d.Stream == stream.Accepted || d.Kind == Anew && d.Stream == stream.Verdicts || d.StopsIntake()
}

// StopsIntake reports whether nothing must be taken in while the divergence stands, because it would get
// the places of what a stream has lost at its end. What is lost would then not be told any more.
func (d *Divergence) StopsIntake() bool {
	return d.Kind == FilesGone && (d.Stream == stream.Direct || slices.Contains(KeptWhole(), d.Stream)) || d.WithVerdicts || d.Kind == VerdictsLost || d.Kind == OtherLog || d.Kind == Replaced && d.Holder == ClickHouse ||
		d.Kind == TailLost && (d.Stream == stream.Submissions || d.Stream == stream.Accepted || d.Stream == stream.Verdicts)
}

// StopsMending reports whether nothing must be taken out of the projection while the divergence
// stands: it may hold the only copy.
func (d *Divergence) StopsMending() bool {
	return d.Kind == Unreadable || d.StopsSink() || d.StopsTransform()
}

// MendsBySubmissions reports whether citytally replay --from submissions is a cure. What it brings
// back may be in ClickHouse alone until then.
func (d *Divergence) MendsBySubmissions() bool {
	return d.Kind == VerdictsLost || d.Kind == Anew || d.Kind == HeadLost || d.Kind == Unreadable ||
		d.Kind == TailLost && (d.Stream == stream.Submissions || d.Holder == ClickHouse && d.Stream == stream.Releases)
}
