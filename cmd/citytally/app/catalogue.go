package app

import (
	"context"
	"errors"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/rules"
)

// openCatalogue finds the catalogue and the rules in force in the log. Where there are none yet, a
// process with a transform stage puts those of its settings in force; the others, and all while the log
// lacks its beginning, use that of their settings until then. What settings name later is not used: only citytally catalogue apply
// changes the catalogue in force.
func (p *Pipeline) openCatalogue(ctx context.Context, fromSettings *catalogue.Catalogue) error {
	log := p.Log
	if p.has(StageTransform) {
		var err error
		if log, err = p.LogAs(stageUser(StageTransform)); err != nil {
			return err
		}
	} else if !p.has(StageIngest) && !p.has(StageSink) {
		p.firstCatalogue, p.Catalogue, p.inForceSince = fromSettings, fromSettings, time.Now()
		return nil
	}
	for {
		editions, err := edition.History(ctx, log, fromSettings)
		if err != nil {
			return err
		}
		last, ok := editions.LastEdition()
		if p.rulesInForce, _ = editions.LastRules(); ok {
			p.firstCatalogue, p.Catalogue, p.inForceSince = editions.First(), last.Catalogue, last.Since
			break
		}
		lost, err := log.LacksBeginning(ctx, stream.Accepted)
		if err != nil {
			return err
		}
		if !p.has(StageTransform) || lost {
			p.firstCatalogue, p.Catalogue, p.inForceSince = fromSettings, fromSettings, time.Now()
			break
		}
		set, err := p.settings.LoadRules(fromSettings)
		if err != nil {
			return Usage(err)
		}
		err = editions.Begin(ctx, log, fromSettings, set.Text(), edition.FirstReason, CurrentPerson(), time.Now())
		if err != nil && !errors.Is(err, edition.ErrOvertaken) {
			return err
		}
	}
	if p.Catalogue.Version() != fromSettings.Version() {
		line := p.options.Logger.Info()
		if p.settings.Catalogue != "" {
			line = p.options.Logger.Warn()
		}
		line.Str("in_force", p.Catalogue.Version()).Str("settings", fromSettings.Version()).Str("file", p.settings.Catalogue).
			Msg("the log has another catalogue in force than the settings name, and it is used; citytally catalogue apply puts a file in force")
	}
	return nil
}

// rules returns the rules of the settings, which are in force until the log puts others in
// force; nil where it has done so.
func (p *Pipeline) rules() (*rules.Set, error) {
	ofSettings, err := p.settings.LoadRules(p.Catalogue)
	if p.rulesInForce.Text == "" {
		return ofSettings, err
	}
	if version := p.rulesInForce.Version(); err != nil || ofSettings.Version() != version && ofSettings.Text() != p.rulesInForce.Text {
		line := p.options.Logger.Info()
		if p.settings.Rules != "" {
			line = p.options.Logger.Warn()
		}
		line.Err(err).Str("in_force", version).Str("settings", ofSettings.Version()).Str("file", p.settings.Rules).
			Msg("the log has other rules in force than the settings name, and they are used; citytally rules apply puts a file in force")
	}
	return nil, nil
}
