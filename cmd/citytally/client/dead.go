package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// Letters returns what stages have put aside in DEAD.
func (c *Client) Letters(ctx context.Context) ([]stream.Letter, error) {
	_, letters, disconnect, err := c.openLetters(ctx, access.Operator)
	if err != nil {
		return nil, err
	}
	disconnect()
	return letters, nil
}

// openLetters opens the log as a user of the broker and reads DEAD. The returned function disconnects.
func (c *Client) openLetters(ctx context.Context, user string) (*stream.Log, []stream.Letter, func(), error) {
	log, disconnect, err := c.openLogAs(user, zerolog.Nop())
	if err != nil {
		return nil, nil, nil, err
	}
	letters, err := log.Letters(ctx)
	if err != nil {
		disconnect()
		return nil, nil, nil, err
	}
	return log, letters, disconnect, nil
}

// LegibleLetter is a letter with its message as JSON or text, where it is either.
type LegibleLetter struct {
	stream.Letter
	Message any `json:"message"`
}

// Letter returns the letter with a number.
func (c *Client) Letter(ctx context.Context, number uint64) (*LegibleLetter, error) {
	log, letters, disconnect, err := c.openLetters(ctx, access.Operator)
	if err != nil {
		return nil, err
	}
	defer disconnect()
	chosen, err := chooseLetters(letters, []uint64{number})
	if err != nil {
		return nil, err
	}
	letter := chosen[0]
	body, err := log.LetterMessage(ctx, &letter)
	if err != nil && !errors.Is(err, stream.ErrMessageGone) {
		return nil, err
	}
	letter.Body = body
	return &LegibleLetter{letter, legible(&letter)}, nil
}

// legible returns a message's body as JSON, as the batch that it decodes to, or as
// text. It returns nil for what is none of these; JSON has the body in base64.
func legible(l *stream.Letter) any {
	if json.Valid(l.Body) {
		return json.RawMessage(l.Body)
	}
	if batch, err := event.DecodeAccepted(l.Body); l.Stream == stream.Accepted && err == nil {
		return batch
	}
	if batch, err := event.DecodeTotals(l.Body); l.Stream == stream.Totals && err == nil {
		return batch
	}
	if utf8.Valid(l.Body) {
		return string(l.Body)
	}
	return nil
}

// ReplayLetters sends the messages of letters through their stream again, and takes
// the letters out of DEAD: those with the numbers, or all but skips where there are
// none. It calls done for each.
func (c *Client) ReplayLetters(ctx context.Context, numbers []uint64, done func(number uint64)) error {
	return c.removeLetters(ctx, numbers, done, reconcile.Reprocess)
}

// DiscardLetters takes letters out of DEAD: those with the numbers, or all
// but skips where there are none. It calls done for each.
func (c *Client) DiscardLetters(ctx context.Context, numbers []uint64, done func(number uint64)) error {
	return c.removeLetters(ctx, numbers, done, func(context.Context, *stream.Log, *stream.Letter) error { return nil })
}

// Skip has every stage pass over a message from its next start on. It returns a UsageError for a
// message at which no stage stops.
func (c *Client) Skip(ctx context.Context, name string, sequence uint64, reason string) error {
	if names := stream.Names(); !slices.Contains(names, name) {
		return app.Usage(fmt.Errorf("no stream %q: want one of %s", event.Excerpt(name, 100), strings.Join(names, ", ")))
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return err
	}
	defer disconnect()
	message, err := log.Get(ctx, name, sequence)
	if err == nil && !event.IsNewerLayout(reconcile.Readable(name, sequence, message.Data)) {
		return app.Usage(fmt.Errorf("message %d of %s stops no stage: only one of a layout that a later version has written does, and is passed over; what cannot be read otherwise is put aside by itself (citytally dead list)", sequence, name))
	}
	return log.Skip(ctx, name, sequence, reason, app.CurrentPerson())
}

// removeLetters acts on each letter and then takes it out of DEAD. An error with one
// letter does not keep it from the others.
func (c *Client) removeLetters(ctx context.Context, numbers []uint64, done func(uint64), act func(context.Context, *stream.Log, *stream.Letter) error) error {
	log, letters, disconnect, err := c.openLetters(ctx, access.Repair)
	if err != nil {
		return err
	}
	defer disconnect()
	if len(numbers) == 0 {
		letters = slices.DeleteFunc(letters, func(l stream.Letter) bool { return l.Stage == stream.SkipStage })
	} else {
		if letters, err = chooseLetters(letters, numbers); err != nil {
			return err
		}
	}
	var errs []error
	for i := range letters {
		err := act(ctx, log, &letters[i])
		if err == nil {
			err = log.Discard(ctx, &letters[i])
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		done(letters[i].Number)
	}
	return errors.Join(errs...)
}

// chooseLetters returns the letters with the numbers, in the order of the numbers.
func chooseLetters(letters []stream.Letter, numbers []uint64) ([]stream.Letter, error) {
	byNumber := make(map[uint64]stream.Letter, len(letters))
	for _, l := range letters {
		byNumber[l.Number] = l
	}
	var chosen []stream.Letter
	for _, n := range numbers {
		l, ok := byNumber[n]
		if !ok {
			return nil, fmt.Errorf("nothing in DEAD has the number %d; see: citytally dead list", n)
		}
		chosen = append(chosen, l)
	}
	return chosen, nil
}
