package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

const (
	// usualBody is how many bytes an upload may have, and usualRows how many figures, without
	// taking one of the slots for large ones.
	usualBody = 8 << 20
	usualRows = decode.MaxRows
	// largeUploads is how many large uploads may be under way at the same time, from when they
	// are known to be large until they are stored. It bounds the memory they take.
	largeUploads = 2
	// largeRows is the most figures of an upload: as many as a sheet has rows.
	largeRows = 1 << 20
)

// largeSlot is the slot of an upload that turns out to be large. The zero release is none yet.
type largeSlot struct {
	gateway *Gateway
	writer  http.ResponseWriter
	own     chan struct{} // the token's share of the slots
	release func()
}

// take takes a slot for large uploads, once. The error is the answer where none becomes free.
func (l *largeSlot) take(ctx context.Context) (err error) {
	if l.release != nil {
		return nil
	}
	releaseOwn, err := acquire(ctx, l.own)
	if err != nil {
		return tooManyOfToken(ctx, l.writer, cap(l.own))
	}
	releaseAll, err := acquire(ctx, l.gateway.large)
	if err != nil {
		releaseOwn()
		return tooManyUploads(ctx, l.writer)
	}
	l.release = func() { releaseAll(); releaseOwn() }
	return nil
}

func (l *largeSlot) leave() {
	if l.release != nil {
		l.release()
	}
}

// decode reads a file within the bounds of a usual upload, or of a large one where it does not
// fit into these.
func (l *largeSlot) decode(ctx context.Context, content []byte, options decode.Options) (decode.Result, error) {
	result, err := decode.Read(content, l.bound(options))
	if problem, ok := errors.AsType[*catalogue.Problem](err); ok && l.release == nil && (problem.Code == decode.TooLarge || problem.Code == decode.TooManyRows) {
		if err := l.take(ctx); err != nil {
			return decode.Result{}, err
		}
		result, err = decode.Read(content, l.bound(options))
	}
	return result, err
}

func (l *largeSlot) bound(options decode.Options) decode.Options {
	most, rows := min(l.gateway.config.MaxBody, usualBody), usualRows
	if l.release != nil {
		most, rows = l.gateway.config.MaxBody, largeRows
	}
	options.Limits = decode.Limits{Observations: rows, Unpacked: most, Message: l.gateway.messageBytes(), Limits: grid.Limits{Workbook: workbookFactor * most}}
	return options
}

// messageBytes is how many bytes a submission may have as JSON to be one message. A quarter is
// left for what has to be escaped.
func (g *Gateway) messageBytes() int { return int(g.log.MaxMessage()-messageOverhead) / 4 * 3 }

// prepareParts makes the messages of a submission that is divided.
func (g *Gateway) prepareParts(d *decode.Divided, via string, who token.Holder) ([]*uploadedSubmission, error) {
	parts, err := event.EncodeParts(d.Head, d.Parts)
	if err != nil {
		return nil, err
	}
	uploaded := make([]*uploadedSubmission, len(parts))
	for i := range parts {
		if uploaded[i], err = g.newUploaded(&d.Head, parts[i], via, who); err != nil {
			return nil, err
		}
	}
	return uploaded, nil
}

// tooManyParts returns the answer to an upload that cannot be stored all or none.
func tooManyParts(n int) *Problem {
	return newProblem(http.StatusRequestEntityTooLarge, codeTooLarge,
		fmt.Sprintf("文件过大：其中的 %d 份报送无法一次存储（上限 %d 份），请按时期分成几个文件提交", n, stream.MaxTogether),
		fmt.Sprintf("the upload is too large: its %d submissions cannot be stored together (at most %d); split it by period into several files", n, stream.MaxTogether))
}

// maxAnswered is how many findings, and how many changes, the answer to an upload of several
// submissions lists. The receipt of each submission has all of its own.
const maxAnswered = 10_000

// shortenVerdict leaves as much of a verdict as its share of an answer about several
// submissions.
func shortenVerdict(v *event.Verdict, submissions int) {
	if v == nil || submissions < 2 {
		return
	}
	share := max(maxAnswered/submissions, 10)
	if over := len(v.Findings) - share; over > 0 {
		v.Findings, v.FindingsOmitted = v.Findings[:share:share], v.FindingsOmitted+over
	}
	if over := len(v.Changes) - share; over > 0 {
		v.Changes, v.ChangesOmitted = v.Changes[:share:share], v.ChangesOmitted+over
	}
}
