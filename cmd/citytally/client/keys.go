package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
)

// Keys returns every key of a district that was ever made.
func (c *Client) Keys() ([]access.Key, error) { return access.Keys(c.settings.Dir) }

// CreateKey makes a key by which an area publishes to the broker, and returns it with its seed.
func (c *Client) CreateKey(ctx context.Context, area string) (seed string, key access.Key, err error) {
	cat, err := c.Catalogue(ctx)
	if err != nil {
		return "", access.Key{}, err
	}
	if _, ok := cat.Area(area); !ok {
		return "", access.Key{}, app.Usage(fmt.Errorf("the catalogue has no area %q; citytally catalogue shows them", area))
	}
	return access.CreateKey(c.settings.Dir, area, app.CurrentPerson(), time.Now())
}

// RevokeKeys ends the keys of an area, or the one that is named.
func (c *Client) RevokeKeys(area, key, reason string) ([]access.Key, error) {
	revoked, err := access.RevokeKeys(c.settings.Dir, area, key, reason, app.CurrentPerson(), time.Now())
	if errors.Is(err, access.ErrNoKey) {
		return nil, app.Usage(err)
	}
	return revoked, err
}
