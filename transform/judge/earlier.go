package judge

import (
	"context"
	"fmt"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// earlierVerdicts tells which messages of SUBMISSIONS have a verdict already. The
// broker delivers a message again when it has forgotten an acknowledgement, and after
// a lock, an unlock or another catalogue the message would be judged otherwise, so
// its verdict in the log decides and the message is not judged again.
//
// VERDICTS is read only where a message may have been judged: it is delivered again,
// it was in the log before the validator began or the broker came back, or it comes
// after later ones. A first delivery in normal running costs nothing.
type earlierVerdicts struct {
	log *stream.Log

	begun      bool
	reconnects uint64 // of the connection, when upTo was set
	upTo       uint64 // messages of SUBMISSIONS up to here may have been judged by others
	upToRead   bool   // VERDICTS has been read to its end since upTo was set
	highest    uint64 // highest sequence of SUBMISSIONS received

	since    time.Time // verdicts stored since then have been read, up to next
	next     uint64    // sequence of VERDICTS to read from; 0: none was read
	judged   sequences // of SUBMISSIONS: those with a verdict
	accepted sequences // of SUBMISSIONS: those of which rows were accepted
	reads    int       // how often VERDICTS was read
}

// A verdict is stored after its submission, but on a cluster maybe by another
// server, whose clock may differ.
const clockDifference = time.Minute

// refresh reads what it takes to know whether each of the messages, in the order of
// their sequences, has a verdict. With all set none of them is taken to be new.
func (e *earlierVerdicts) refresh(ctx context.Context, submissions []received, all bool) error {
	if len(submissions) == 0 {
		return nil
	}
	if reconnects := e.log.Reconnects(); !e.begun || reconnects != e.reconnects {
		last, err := e.log.LastSequence(ctx, stream.Submissions)
		if err != nil {
			return err
		}
		e.begun, e.reconnects, e.upTo, e.upToRead = true, reconnects, last, false
	}
	var oldest time.Time
	read := all
	for i := range submissions {
		d := &submissions[i].delivery
		again := d.Attempt > 1 || d.Sequence <= e.highest
		if !all && !again && d.Sequence > e.upTo {
			continue
		}
		if oldest.IsZero() || d.StoredAt.Before(oldest) {
			oldest = d.StoredAt
		}
		read = read || again || !e.upToRead
	}
	e.highest = max(e.highest, submissions[len(submissions)-1].delivery.Sequence)
	if oldest.IsZero() || !read && !oldest.Before(e.since.Add(clockDifference)) {
		return nil
	}
	if err := e.read(ctx, oldest.Add(-clockDifference)); err != nil {
		return fmt.Errorf("read earlier verdicts: %w", err)
	}
	e.upToRead = true
	e.reads++
	return nil
}

// read reads VERDICTS to its present end, from where the reading before ended or, to
// go further back than that one did, from an instant on.
func (e *earlierVerdicts) read(ctx context.Context, since time.Time) error {
	last, err := e.log.LastSequence(ctx, stream.Verdicts)
	if err != nil {
		return err
	}
	config := stream.FollowConfig{Stream: stream.Verdicts, HeadersOnly: true, From: e.next}
	if e.next == 0 || since.Before(e.since) {
		e.since = since
		config.From, config.Since = 0, since
	} else if last < e.next {
		return nil
	}
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	if err := e.log.Follow(following, config, func(d stream.Delivery) error { e.add(&d); return nil }, caughtUp); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e.next = max(e.next, last+1)
	return nil
}

// add notes a verdict. Its headers say what it is about.
func (e *earlierVerdicts) add(d *stream.Delivery) {
	if sequence, ok := event.JudgedSequence(d.ID()); ok {
		e.judged.add(sequence)
		outcome := event.Outcome(d.Header(event.OutcomeHeader))
		if (outcome == event.AllAccepted || outcome == event.Partial || outcome == event.AllHeld) && d.Header(event.RepeatedHeader) != "true" {
			e.accepted.add(sequence)
		}
	}
}
