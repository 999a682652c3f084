package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/answer/effect"
	"github.com/citytally/citytally/transform/ledger"
)

// Catalogue returns the catalogue in force in the log, whatever the settings of this command
// name. Where no broker is known, or its log has none yet, it is that of the settings.
func (c *Client) Catalogue(ctx context.Context) (*catalogue.Catalogue, error) {
	if c.catalogue != nil {
		return c.catalogue, nil
	}
	editions, err := c.Editions(ctx)
	if _, absent := errors.AsType[*AbsentError](err); err != nil && !absent {
		return nil, err
	}
	if err == nil {
		c.catalogue = editions.Last()
	}
	if c.catalogue == nil {
		if c.catalogue, err = c.settings.LoadCatalogue(); err != nil {
			return nil, app.Usage(err)
		}
	}
	return c.catalogue, nil
}

// Editions returns the catalogues that have been in force in the log.
func (c *Client) Editions(ctx context.Context) (*edition.Editions, error) {
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer disconnect()
	return edition.History(ctx, log)
}

// CatalogueHistory returns the catalogues that have been in force, the oldest first.
func (c *Client) CatalogueHistory(ctx context.Context) ([]present.Edition, error) {
	editions, err := c.Editions(ctx)
	if err != nil {
		return nil, err
	}
	all := []present.Edition{}
	for i := range editions.All {
		e := &editions.All[i]
		all = append(all, present.Edition{Version: e.Version(), Sequence: e.Sequence, Since: e.Since, By: e.Decision.Person, Reason: e.Decision.Reason})
	}
	return all, nil
}

// CatalogueOf returns the catalogue of a version that has been in force. It returns a
// UsageError where there is none.
func (c *Client) CatalogueOf(ctx context.Context, version string) (*catalogue.Catalogue, error) {
	editions, err := c.Editions(ctx)
	if err != nil {
		return nil, err
	}
	if found := editions.Of(version); found != nil {
		return found, nil
	}
	return nil, app.Usage(fmt.Errorf("no catalogue of version %q has been in force; citytally catalogue history lists those that have", version))
}

// lastEdition returns the catalogue in force in a log; that of the settings where there is
// none yet.
func (c *Client) lastEdition(ctx context.Context, log *stream.Log) (edition.Edition, error) {
	editions, err := edition.History(ctx, log)
	if err != nil {
		return edition.Edition{}, err
	}
	last, ok := editions.LastEdition()
	if !ok {
		last.Since = time.Now()
		if last.Catalogue, err = c.settings.LoadCatalogue(); err != nil {
			return last, app.Usage(err)
		}
	}
	return last, nil
}

// Printer returns a printer with the catalogue in force and the time zone of the settings.
func (c *Client) Printer(ctx context.Context, l present.Language) (*present.Printer, error) {
	return c.PrinterUnder(ctx, l, "")
}

// PrinterUnder returns a printer with the catalogue of a version that was in force, such as
// that of what is printed; with that in force now where the log does not have it.
func (c *Client) PrinterUnder(ctx context.Context, l present.Language, version string) (*present.Printer, error) {
	location, err := c.settings.Location()
	if err != nil {
		return nil, app.Usage(err)
	}
	names, err := c.catalogueOf(ctx, version)
	if err != nil {
		return nil, err
	}
	return &present.Printer{Catalogue: names, Language: l, Location: location}, nil
}

// catalogueOf returns the catalogue of a version that was in force; that in force now where
// the log does not have it, or the version is "".
func (c *Client) catalogueOf(ctx context.Context, version string) (*catalogue.Catalogue, error) {
	now, err := c.Catalogue(ctx)
	if err != nil || version == "" || version == now.Version() {
		return now, err
	}
	editions, err := c.Editions(ctx)
	if err != nil {
		return nil, err
	}
	return cmp.Or(editions.Of(version), now), nil
}

// ApplyCatalogue returns what a catalogue does to totals, and with a reason puts it in force.
// It returns a RefusedError, in the printer's words, for one under which figures do not convert: it
// has to say how; and for one that the rules or the calendar of the settings do not fit. Without a
// reason it is refused for the same.
func (c *Client) ApplyCatalogue(ctx context.Context, to *catalogue.Catalogue, reason string, p *present.Printer) (*present.AppliedCatalogue, error) {
	replayer, err := c.openReplayer(ctx)
	if err != nil {
		return nil, err
	}
	defer replayer.close()
	history, err := replayer.replay(ctx, ledger.Moment{})
	if err != nil {
		return nil, err
	}
	does, err := effect.Of(history.Ledger, to)
	if err != nil {
		return nil, err
	}
	applied := &present.AppliedCatalogue{Effect: does}
	misfit := c.misfit(replayer.editions, history.Ledger.Catalogue(), to, applied)
	switch {
	case does.From == does.To:
	case len(does.Unconverted) > 0 || misfit != nil:
		return applied, &RefusedError{errors.New(p.DescribeInapplicable(applied))}
	case reason == "":
	default:
		if applied.Sequence, err = replayer.editions.Adopt(ctx, replayer.log, to, reason, app.CurrentPerson(), time.Now()); errors.Is(err, edition.ErrOvertaken) {
			return nil, &RefusedError{err}
		}
	}
	return applied, err
}

// misfit returns why the rules in force or the calendar of the settings cannot stand under a
// catalogue, and notes that, and whether nothing would be owed any more. No stage would start again
// with them.
func (c *Client) misfit(editions *edition.Editions, from, to *catalogue.Catalogue, applied *present.AppliedCatalogue) error {
	_, rulesErr := c.rulesUnder(editions, to)
	next, calendarErr := c.settings.LoadCalendar(to)
	err := errors.Join(rulesErr, calendarErr)
	for _, e := range strict.Flatten(err) {
		applied.Misfits = append(applied.Misfits, e.Error())
	}
	if now, nowErr := c.settings.LoadCalendar(from); nowErr == nil && calendarErr == nil {
		applied.NothingOwed = next.Empty() && !now.Empty()
	}
	return err
}
