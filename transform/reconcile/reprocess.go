package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/schedule"
)

// The schedule under which the recomputations of Reprocess are recorded.
const reprocessSchedule = "replay"

// Reprocess has a message that was put aside in DEAD processed again. The message has
// its effect once, even where a part of it had been processed before:
//
//   - accepted observations and verdicts are published again; readers know them by
//     their place in SUBMISSIONS;
//   - totals are not published again, since newer ones may have followed: a
//     recomputation of their period is requested instead;
//   - the record of a run is published again; readers know it by the run's id;
//   - a command is published again; its recomputation finds no differences where it
//     had been carried out.
//
// A message that this version cannot read either is an error, and nothing is
// published. The letter stays in DEAD; [stream.Log.Discard] removes it.
func Reprocess(ctx context.Context, log *stream.Log, letter *stream.Letter) error {
	body, err := log.LetterMessage(ctx, letter)
	if err != nil {
		return fmt.Errorf("letter %d: nothing was sent: %w", letter.Number, err)
	}
	if err := checkReadable(letter, body); err != nil {
		return fmt.Errorf("letter %d: this version cannot read the message either, so that nothing was sent: %w", letter.Number, err)
	}
	id := "replay." + letter.Stream + "." + strconv.FormatUint(letter.Sequence, 10)
	if period, ok := strings.CutPrefix(letter.Subject, "totals."); ok {
		command := event.Command{ID: id, Schedule: reprocessSchedule, Trigger: event.ByManual, Period: period}
		if err := schedule.Request(ctx, log, schedule.Recompute, command); err != nil {
			return fmt.Errorf("letter %d: ask for the totals of %s: %w", letter.Number, period, err)
		}
		return nil
	}
	if _, err := log.Publish(ctx, stream.Message{Subject: letter.Subject, ID: id, Body: body}); err != nil {
		return fmt.Errorf("letter %d: %w", letter.Number, err)
	}
	return nil
}

// checkReadable returns why this version cannot read the body of a letter's message.
func checkReadable(letter *stream.Letter, body []byte) error {
	switch letter.Stream {
	case stream.Accepted:
		_, err := event.DecodeAccepted(body)
		return err
	case stream.Verdicts:
		return json.Unmarshal(body, &event.Verdict{})
	case stream.Commands:
		return schedule.CheckCommand(letter.Subject, body)
	case stream.Totals:
		if strings.HasPrefix(letter.Subject, "runs.") {
			return json.Unmarshal(body, &event.Run{})
		}
		if period, ok := strings.CutPrefix(letter.Subject, "totals."); !ok || period == "" {
			return fmt.Errorf("subject %s: want totals.<period> or runs.<schedule>", letter.Subject)
		}
		return nil
	}
	return errors.New("messages of " + letter.Stream + " are not sent again; discard the letter")
}
