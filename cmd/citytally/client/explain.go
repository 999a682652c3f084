package client

import (
	"context"
	"fmt"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/ledger"
)

// Explain tells what the selected total of an indicator follows from. An area's
// code bounds the figures that are told to its own; "" tells all.
func (c *Client) Explain(ctx context.Context, indicator string, s Selection, area string) (*answer.Explanation, error) {
	period, err := s.period()
	if err != nil {
		return nil, err
	}
	log, err := c.OpenLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	moment, err := log.moment(&s)
	if err != nil {
		return nil, err
	}
	if _, ok := log.catalogue.Indicator(indicator); !ok {
		return nil, app.Usage(fmt.Errorf("the catalogue has no indicator %q; citytally sql \"SELECT id, name_en FROM indicators\" lists them", indicator))
	}
	if _, ok := log.catalogue.Area(area); area != "" && !ok {
		return nil, app.Usage(fmt.Errorf("--area: the catalogue has no area %q; citytally sql \"SELECT code, name_en FROM areas\" lists them", area))
	}
	history, err := log.replay(ctx, moment, answer.KeepFor(log.catalogue, indicator))
	if err != nil {
		return nil, err
	}
	explanation, _ := answer.Explain(log.catalogue, history, ledger.Cell{Indicator: indicator, Period: period}, area)
	return explanation, nil
}
