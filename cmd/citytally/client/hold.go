package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
)

// askTimeout is how long the transform stage may take to answer.
const askTimeout = 30 * time.Second

// Holds returns figures that are or were held.
func (c *Client) Holds(ctx context.Context, wanted inquiry.WantedHolds) (inquiry.Holds, error) {
	return c.askHolds(ctx, func(ctx context.Context, log *stream.Log) (inquiry.Holds, error) {
		return inquiry.AskHolds(ctx, log, wanted)
	})
}

// DecideHeld puts on record what the user of this process says or decides about held figures,
// by their ids or by that of their submission, and returns them as they are afterwards.
func (c *Client) DecideHeld(ctx context.Context, kind event.DecisionKind, ids []string, text string, l present.Language) (inquiry.Holds, error) {
	act := inquiry.HoldAct{Kind: kind, Text: text, Person: app.CurrentPerson()}
	if _, err := event.ParseSubmissionID(ids[0]); err == nil && len(ids) == 1 {
		act.Submission = ids[0]
	} else {
		act.IDs = ids
	}
	decided, err := c.askHolds(ctx, func(ctx context.Context, log *stream.Log) (inquiry.Holds, error) {
		return inquiry.Decide(ctx, log, act)
	})
	if err == nil && decided.Refused != nil {
		err = &RefusedError{errors.New(l.Choose(decided.Refused.ZH, decided.Refused.EN) + " (" + decided.Refused.Code + ")")}
	}
	return decided, err
}

func (c *Client) askHolds(ctx context.Context, ask func(context.Context, *stream.Log) (inquiry.Holds, error)) (answer inquiry.Holds, err error) {
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return answer, err
	}
	defer disconnect()
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if answer, err = ask(ctx, log); errors.Is(err, stream.ErrNobodyAnswers) {
		return answer, &AbsentError{fmt.Errorf("%w: the transform stage, which knows what is held, is not at work or is starting", err)}
	}
	return answer, err
}
