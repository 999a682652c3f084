package judge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// DecisionSubject is the subject of ACCEPTED that decisions are published on; rows are
// published on accepted.<area>.<dataset>.
const DecisionSubject = edition.Subject

// Decide publishes a decision of the bureau to ACCEPTED. It holds for every submission
// judged after it. A decision without a reason or without a person is an error, as is
// one about something that the catalogue does not have.
func Decide(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, d event.Decision, now time.Time) error {
	var errs []error
	if _, err := catalogue.ParsePeriod(d.Period); err != nil {
		errs = append(errs, err)
	}
	if _, ok := c.Indicator(d.Indicator); d.Indicator != "" && !ok {
		errs = append(errs, fmt.Errorf("indicator: the catalogue has none of the name %q", d.Indicator))
	}
	if _, ok := c.Area(d.Area); d.Area != "" && !ok {
		errs = append(errs, fmt.Errorf("area: the catalogue has none of the code %q", d.Area))
	}
	if strings.TrimSpace(d.Reason) == "" {
		errs = append(errs, errors.New("reason: say why, for those who ask later"))
	}
	if r, found := event.ControlIn(d.Reason, ""); found {
		errs = append(errs, fmt.Errorf("reason: take the control character %U out", r))
	}
	if !d.Person.Identified() {
		errs = append(errs, errors.New("by: nobody is known to have decided"))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	d.At, d.By = now.UnixMilli(), d.Person.Name
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Decisions: []event.Decision{d}})
	if err != nil {
		return err
	}
	_, err = log.Publish(ctx, stream.Message{Subject: DecisionSubject, Body: body})
	return err
}
