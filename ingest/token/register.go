package token

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Why a token lets nobody in.
var (
	ErrUnknown = errors.New("the token is unknown")
	ErrExpired = errors.New("the token has expired")
	ErrRevoked = errors.New("the token has been revoked")
	// ErrUncertain is the error while nobody can say whether a token has been revoked.
	ErrUncertain = errors.New("whether the token is in force cannot be told now")
)

// Register is every token that one gateway knows of. Make one with NewRegister and keep Follow
// going. It is safe for concurrent use.
type Register struct {
	file   *File
	logger zerolog.Logger

	fresh, freshRevoked stream.Freshness // of the bucket, and of what ACCEPTED says is revoked

	mu      sync.RWMutex
	issued  map[hash]Issued
	revoked map[hash]bool // by ACCEPTED, also where the bucket has lost it
}

// NewRegister returns the register over a file, which may be nil, and the bucket.
func NewRegister(file *File, logger zerolog.Logger) *Register {
	return &Register{file: file, logger: logger, issued: map[hash]Issued{}, revoked: map[hash]bool{}}
}

// Follow keeps the register as the bucket is, and ACCEPTED says what is revoked, until ctx ends; then
// it returns nil. It calls caughtUp once, when the register first knows both.
func (r *Register) Follow(ctx context.Context, log *stream.Log, stage string, caughtUp func()) error {
	group, ctx := errgroup.WithContext(ctx)
	var behind atomic.Int32
	behind.Store(2)
	one := func() {
		if behind.Add(-1) == 0 {
			caughtUp()
		}
	}
	group.Go(func() error {
		config := stream.FollowConfig{Stream: stream.Tokens, Stage: stage, Freshness: &r.fresh}
		return log.Follow(ctx, config, func(d stream.Delivery) error { r.apply(d); return nil }, one)
	})
	group.Go(func() error {
		return log.Follow(ctx, revocationsOf(stage, &r.freshRevoked), func(d stream.Delivery) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			for h := range revocations(&d) {
				r.revoked[h] = true
			}
			return nil
		}, one)
	})
	return group.Wait()
}

// FileAway returns why the tokens file cannot be read, or nil. Nobody knows then whether a token of it
// is still in force.
func (r *Register) FileAway() error {
	if r.file == nil {
		return nil
	}
	r.reload()
	r.file.mu.RLock()
	defer r.file.mu.RUnlock()
	return r.file.away
}

// Current reports whether the register knows the tokens as they are now.
func (r *Register) Current() bool { return r.fresh.Now() && r.freshRevoked.Now() }

// apply takes over what was written to the bucket. What cannot be read ends the token.
func (r *Register) apply(d stream.Delivery) {
	key := d.Subject[strings.LastIndexByte(d.Subject, '.')+1:]
	h, err := parseHash(key)
	if err != nil {
		r.logger.Warn().Str("key", event.Excerpt(key, idLength)).Msg("the bucket of tokens has a key that is no hash; passed over")
		return
	}
	issued, err := decode(d.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		// A deleted entry has no text. Its token may be one of the file, which it must not
		// bring back.
		r.logger.Warn().Err(err).Str("token", h.id()).Msg("a token of the bucket cannot be read and is not in force")
		issued = Issued{ID: h.id(), RevokedAt: d.StoredAt}
	}
	r.issued[h] = issued
}

// Lookup returns the holder of a presented secret, or one of the errors above.
func (r *Register) Lookup(presented string, now time.Time) (Holder, error) {
	return r.LookupFingerprint(FingerprintOf(presented), now)
}

// LookupFingerprint is Lookup for a secret that was presented before, of which only the
// fingerprint was kept.
func (r *Register) LookupFingerprint(f Fingerprint, now time.Time) (Holder, error) {
	r.reload()
	h := f.hash
	holder, inFile, away := r.file.lookup(h)
	current := r.Current()
	r.mu.RLock()
	issued, inBucket := r.issued[h]
	revoked := r.revoked[h]
	r.mu.RUnlock()
	switch {
	case revoked, inBucket && !issued.RevokedAt.IsZero():
		return Holder{}, ErrRevoked
	case inBucket:
		holder = issued.Holder
	case inFile && away != nil:
		return Holder{}, fmt.Errorf("%w: %w", ErrUncertain, away)
	case !inFile && current:
		return Holder{}, ErrUnknown
	}
	switch {
	case !current:
		return Holder{}, fmt.Errorf("%w: the list of tokens is not at hand", ErrUncertain)
	case expired(holder.Expires, now):
		return Holder{}, ErrExpired
	}
	holder.Token, holder.presented = h.id(), f
	return holder, nil
}

// reload reads the file again when it has changed.
func (r *Register) reload() {
	if r.file == nil {
		return
	}
	changed, err := r.file.Reload()
	switch {
	case err != nil:
		r.logger.Error().Err(err).Msg("tokens file refused")
	case changed:
		r.logger.Info().Msg("tokens file read again")
	}
}
