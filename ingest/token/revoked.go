package token

import (
	"context"
	"fmt"
	"time"

	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// record writes into ACCEPTED, which is kept for ever, that a token is revoked: the bucket may be lost,
// and the token may be one of a file.
func record(ctx context.Context, log *stream.Log, h hash, i *Issued) error {
	d := event.Decision{
		Kind: event.RevokeToken, Token: h.String(), Area: i.Area, Reason: i.Reason, By: i.RevokedBy.Name, At: i.RevokedAt.UnixMilli(), Person: i.RevokedBy,
	}
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Decisions: []event.Decision{d}})
	if err == nil {
		_, err = log.Publish(ctx, stream.Message{Subject: edition.Subject, Body: body})
	}
	if err != nil {
		return fmt.Errorf("record that token %s is revoked: %w", i.ID, err)
	}
	return nil
}

// revocations returns the tokens that a message of ACCEPTED revokes. What cannot be read is put aside
// by the stages that read figures.
func revocations(d *stream.Delivery) map[hash]Issued {
	batch, err := event.DecodeAccepted(d.Body)
	if err != nil {
		return nil
	}
	revoked := map[hash]Issued{}
	for i := range batch.Decisions {
		decision := &batch.Decisions[i]
		if h, err := parseHash(decision.Token); decision.Kind == event.RevokeToken && err == nil {
			revoked[h] = Issued{
				ID: h.id(), Holder: Holder{Name: h.id(), Role: UsualRole(decision.Area), Area: decision.Area},
				RevokedAt: decision.Decided().Truncate(time.Second), RevokedBy: decision.Person, Reason: decision.Reason,
			}
		}
	}
	return revoked
}

// revocationsOf is what a reader of [stream.Accepted] follows to know what is revoked.
func revocationsOf(stage string, fresh *stream.Freshness) stream.FollowConfig {
	return stream.FollowConfig{Stream: stream.Accepted, Subjects: []string{edition.Subject}, Stage: stage, Freshness: fresh}
}

// Reconcile has the bucket and ACCEPTED know the same revocations: it brings those back to the bucket
// that this has lost, and records those that ACCEPTED does not have. It returns the ids of the first.
func Reconcile(ctx context.Context, log *stream.Log) (restored []string, err error) {
	recorded := map[hash]Issued{}
	reading, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err = log.Follow(reading, revocationsOf("", nil), func(d stream.Delivery) error {
		for h, i := range revocations(&d) {
			recorded[h] = i
		}
		return nil
	}, caughtUp)
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("read which tokens are revoked: %w", err)
	}
	all, err := entries(ctx, log)
	if err != nil {
		return nil, err
	}
	whole, err := isWhole(ctx, log)
	if err != nil {
		return nil, err
	}
	revisions, revoked := map[hash]uint64{}, map[hash]bool{}
	for _, e := range all {
		h, err := parseHash(e.Key())
		if err != nil {
			continue
		}
		issued, err := decode(e.Value())
		revisions[h] = e.Revision()
		if err != nil || issued.RevokedAt.IsZero() {
			if was, ended := recorded[h]; err == nil && ended {
				issued.RevokedAt, issued.RevokedBy, issued.Reason = was.RevokedAt, was.RevokedBy, was.Reason
				recorded[h] = issued
			}
			continue
		}
		revoked[h] = true
		if _, known := recorded[h]; !known && whole {
			if err := record(ctx, log, h, &issued); err != nil {
				return restored, err
			}
		}
	}
	for h, issued := range recorded {
		if revoked[h] {
			continue
		}
		if err := put(ctx, log, h, revisions[h], &issued); err != nil {
			return restored, err
		}
		restored = append(restored, issued.ID)
	}
	return restored, nil
}

// isWhole reports whether ACCEPTED has lost nothing at either end. Otherwise what is written to it takes
// the places of what can be brought back.
func isWhole(ctx context.Context, log *stream.Log) (bool, error) {
	extent, err := log.Extent(ctx, stream.Accepted)
	if err != nil || extent.Missing > 0 {
		return false, err
	}
	lacksEnd, err := log.LacksEnd(ctx, stream.Accepted)
	return !lacksEnd, err
}
