package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/rs/zerolog"
	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/ingest/token"
)

// onHangup reads again, at each SIGHUP until ctx ends, what may change while the program runs: the
// tokens file, which is nil where there is none. The settings are read and checked too; what has
// changed in them is told, and is in force from the next start on.
func onHangup(ctx context.Context, hangups <-chan os.Signal, inForce *configs.Settings, again func() (*configs.Settings, error), tokens *token.File, logger zerolog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		if tokens != nil {
			if _, err := tokens.Reload(); err != nil {
				logger.Error().Err(err).Msg("the tokens file was read again and is wrong")
			}
		}
		s, err := again()
		if err != nil {
			logger.Error().Err(err).Msg("the settings were read again and are wrong; those of the start stay in force")
			continue
		}
		changed, err := changedSettings(inForce, s)
		if err != nil {
			logger.Error().Err(err).Msg("the settings were read again and cannot be compared")
			continue
		}
		logger.Info().Strs("changed", changed).Msg("read again; settings that have changed are in force from the next start on")
	}
}

// notifyHangups returns the SIGHUPs that come from now on, and what ends that.
func notifyHangups() (<-chan os.Signal, func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	return hangups, func() { signal.Stop(hangups) }
}

// changedSettings returns the settings, with their paths and secrets masked, that the second ones have
// otherwise.
func changedSettings(first, second *configs.Settings) ([]string, error) {
	var shown [2]map[string]string
	for i, settings := range []*configs.Settings{first, second} {
		var text bytes.Buffer
		if err := configs.Show(settings, &text); err != nil {
			return nil, err
		}
		var tree any
		if err := yaml.Unmarshal(text.Bytes(), &tree); err != nil {
			return nil, err
		}
		shown[i] = map[string]string{}
		flatten("", tree, shown[i])
	}
	var changed []string
	for path, value := range shown[1] {
		if before, known := shown[0][path]; !known || before != value {
			changed = append(changed, path+": "+value)
		}
	}
	for path := range shown[0] {
		if _, still := shown[1][path]; !still {
			changed = append(changed, path+": removed")
		}
	}
	slices.Sort(changed)
	return changed, nil
}

// flatten adds the leaves of a tree of YAML by their paths, such as sink.batch_rows or pull.sources[0].name.
func flatten(path string, tree any, to map[string]string) {
	switch of := tree.(type) {
	case map[string]any:
		for key, value := range of {
			flatten(strings.TrimPrefix(path+"."+key, "."), value, to)
		}
	case []any:
		for i, value := range of {
			flatten(fmt.Sprintf("%s[%d]", path, i), value, to)
		}
	default:
		to[path] = fmt.Sprint(of)
	}
}
