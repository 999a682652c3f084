package token

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Issued is what the bucket has about a token: under the SHA-256 of its secret, for ever.
type Issued struct {
	// ID names the token to people: the first digits of the hash.
	ID string `json:"id"`
	Holder
	CreatedAt time.Time    `json:"created_at"`
	CreatedBy event.Person `json:"created_by"`
	// RevokedAt is when the token was revoked, by RevokedBy for Reason; the zero time is not.
	RevokedAt time.Time    `json:"revoked_at,omitzero"`
	RevokedBy event.Person `json:"revoked_by,omitzero"`
	Reason    string       `json:"reason,omitempty"`
}

// State is whether a token lets anybody in.
type State string

// The states of a token.
const (
	InForce State = "in force"
	Expired State = "expired"
	Revoked State = "revoked"
)

// StateAt returns the token's state at an instant.
func (i *Issued) StateAt(now time.Time) State {
	switch {
	case !i.RevokedAt.IsZero():
		return Revoked
	case expired(i.Expires, now):
		return Expired
	}
	return InForce
}

func expired(expires, now time.Time) bool { return !expires.IsZero() && !now.Before(expires) }

// decode reads an entry of the bucket strictly: what it does not understand lets nobody in.
func decode(text []byte) (Issued, error) {
	var i Issued
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&i); err != nil {
		return Issued{}, fmt.Errorf("read token: %w", err)
	}
	return i, i.Holder.Check(nil)
}

// ErrChanged is the error of a write to a token that somebody else has written meanwhile.
var ErrChanged = errors.New("somebody else has changed the token meanwhile; look again")

// put writes an entry, in place of the one with the revision; 0 is none.
func put(ctx context.Context, log *stream.Log, h hash, revision uint64, i *Issued) error {
	text, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("encode token: %w", err)
	}
	kv, err := log.Bucket(ctx, stream.TokensBucket)
	if err != nil {
		return err
	}
	ctx, done := log.Deniable(ctx, "$KV.")
	_, err = kv.Update(ctx, h.String(), text, revision)
	err = done(err)
	if errors.Is(err, jetstream.ErrKeyExists) {
		return ErrChanged
	}
	if err != nil {
		return fmt.Errorf("write token: %w", err)
	}
	return nil
}

// entries returns the newest entry of every key.
func entries(ctx context.Context, log *stream.Log) ([]jetstream.KeyValueEntry, error) {
	kv, err := log.Bucket(ctx, stream.TokensBucket)
	if err != nil {
		return nil, err
	}
	watcher, err := kv.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	defer watcher.Stop()
	var all []jetstream.KeyValueEntry
	for {
		select {
		case entry, open := <-watcher.Updates():
			switch {
			case !open:
				return nil, errors.New("read tokens: the broker has ended the answer")
			case entry == nil: // every entry has been told
				return all, nil
			}
			all = append(all, entry)
		case <-ctx.Done():
			return nil, fmt.Errorf("read tokens: %w", context.Cause(ctx))
		}
	}
}

// Create issues a token and returns its secret, which nobody can ask for later.
func Create(ctx context.Context, log *stream.Log, cat *catalogue.Catalogue, holder Holder, by event.Person, now time.Time) (secret string, issued Issued, err error) {
	if err := holder.Check(cat); err != nil {
		return "", Issued{}, err
	}
	if expired(holder.Expires, now) {
		return "", Issued{}, fmt.Errorf("expires: want a time to come, got %s", holder.Expires.Format(time.RFC3339))
	}
	secret = newSecret()
	h := hashOf(secret)
	issued = Issued{ID: h.id(), Holder: holder, CreatedAt: now.UTC().Truncate(time.Second), CreatedBy: by}
	return secret, issued, put(ctx, log, h, 0, &issued)
}

// List returns every token that was ever issued, the oldest first.
func List(ctx context.Context, log *stream.Log) ([]Issued, error) {
	all, err := entries(ctx, log)
	if err != nil {
		return nil, err
	}
	var list []Issued
	for _, e := range all {
		issued, err := decode(e.Value())
		if err != nil {
			return nil, fmt.Errorf("key %s of the bucket: %w", event.Excerpt(e.Key(), idLength), err)
		}
		list = append(list, issued)
	}
	slices.SortFunc(list, func(a, b Issued) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID)) })
	return list, nil
}

// ErrNotFound is the error of Revoke for an id that no token has.
var ErrNotFound = errors.New("no token has this id; citytally token list shows them")

// Revoke ends a token, by its id, for every gateway and for ever. The token may be one of the
// file, which may be nil: then it is ended although the file has it. A token that was revoked
// before stays as it was.
func Revoke(ctx context.Context, log *stream.Log, file *File, id, reason string, by event.Person, now time.Time) (Issued, error) {
	if len(id) != idLength {
		return Issued{}, fmt.Errorf("id %q: want the %d digits that citytally token list shows", event.Excerpt(id, 100), idLength)
	}
	if r, found := event.ControlIn(reason, ""); found {
		return Issued{}, fmt.Errorf("reason: take the control character %U out", r)
	}
	all, err := entries(ctx, log)
	if err != nil {
		return Issued{}, err
	}
	var revision uint64
	issued, h, found := file.find(id)
	for _, e := range all {
		if !strings.HasPrefix(e.Key(), id) {
			continue
		}
		if h, err = parseHash(e.Key()); err != nil {
			return Issued{}, fmt.Errorf("key of the bucket: %w", err)
		}
		if issued, err = decode(e.Value()); err != nil {
			return Issued{}, err
		}
		revision, found = e.Revision(), true
	}
	if !found {
		return Issued{}, ErrNotFound
	}
	if !issued.RevokedAt.IsZero() {
		return issued, nil
	}
	issued.RevokedAt, issued.RevokedBy, issued.Reason = now.UTC().Truncate(time.Second), by, reason
	// First, so that a revocation that is half done is one.
	err = record(ctx, log, h, &issued)
	if _, held := errors.AsType[*stream.HeldError](err); err != nil && !held { // the next start records it, see Reconcile
		return Issued{}, err
	}
	return issued, put(ctx, log, h, revision, &issued)
}
