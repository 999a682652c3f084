package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// mostFilled bounds how many places FillLost fills: a single forged message can name any place.
const mostFilled = 1 << 20

// lostSubject takes the places of lost submissions of which no verdict tells whose they were. It is of
// no area, so that their verdict rejects them.
const lostSubject = "submissions.lost.lost"

// FillLost fills the places that SUBMISSIONS has lost at its end and of which other streams tell: with
// messages that say who has accepted the loss and when, on the subjects of what was lost. So no place is
// given twice. It returns how many places those are.
func (l *Log) FillLost(ctx context.Context, by event.Person, now time.Time) (filled int, err error) {
	s, err := l.js.Stream(ctx, Submissions)
	if err != nil {
		return 0, fmt.Errorf("look at stream %s: %w", Submissions, err)
	}
	last, known := s.CachedInfo().State.LastSeq, uint64(0)
	for _, r := range References() {
		if r.To == Submissions {
			newest, err := l.Refers(ctx, r)
			if err != nil {
				return 0, err
			}
			known = max(known, newest)
		}
	}
	if known <= last {
		return 0, nil
	}
	if known-last > mostFilled {
		return 0, fmt.Errorf("SUBMISSIONS ends at message %d and another stream tells of message %d: that is more than a lost end; put back the newest copy of the broker's data", last, known)
	}
	subjects, err := l.subjectsOfJudged(ctx, last, known)
	if err != nil {
		return 0, err
	}
	body, err := json.Marshal(map[string]any{"lost": map[string]any{"accepted_by": by, "accepted_at": now.UTC().Truncate(time.Second)}})
	if err != nil {
		return 0, fmt.Errorf("encode who has accepted the loss: %w", err)
	}
	for next := last + 1; next <= known; {
		var messages []Message
		for ; next <= known && len(messages) < MaxTogether; next++ {
			m := Message{Subject: lostSubject, ID: "lost." + strconv.FormatUint(next, 10), Body: body}
			if subject, judged := subjects[next]; judged {
				m.Subject, m.Header = subject, map[string]string{event.LostHeader: "true"}
			}
			messages = append(messages, m)
		}
		stored, err := l.Publish(ctx, messages...)
		if err == nil && stored[len(stored)-1].Sequence != next-1 {
			err = errors.New("others publish at the same time; stop them and call it again")
		}
		if err != nil {
			return filled, fmt.Errorf("fill the places that SUBMISSIONS has lost: %w", err)
		}
		filled += len(stored)
	}
	return filled, nil
}

// subjectsOfJudged returns, of the places of SUBMISSIONS behind one up to another that have a verdict,
// the subject on which the submission came.
func (l *Log) subjectsOfJudged(ctx context.Context, behind, upTo uint64) (map[uint64]string, error) {
	config := FollowConfig{Stream: Verdicts, HeadersOnly: true}
	if m, err := l.Get(ctx, Submissions, behind); err == nil {
		config.Since = m.Time.Add(-time.Minute) // of another server of a cluster, whose clock may differ
	} else if !errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, err
	}
	subjects := map[uint64]string{}
	reading, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err := l.Follow(reading, config, func(d Delivery) error {
		of := event.OriginOf(d.Subject)
		if judged, ok := event.JudgedSequence(d.ID()); ok && judged > behind && judged <= upTo && of.Area != "" {
			subjects[judged] = "submissions." + of.Area + "." + of.Dataset
		}
		return nil
	}, caughtUp)
	if err == nil {
		err = context.Cause(ctx)
	}
	return subjects, err
}
