package configs

import (
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/configs/strict"
)

const masked = "********"

// Show writes the settings as the YAML that [Load] reads, with every secret
// masked.
func Show(settings *Settings, w io.Writer) error {
	root, err := strict.Encode(settings, masked, maskSetting)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return encoder.Close()
}

// webhookAddress is a setting whose value lets whoever knows it post as this program: many
// services put the key into the path or the query of the address that they give out.
const webhookAddress = "remind.webhooks.url"

// maskSetting hides what is secret in the text of a setting.
func maskSetting(path, text string) string {
	if path != webhookAddress {
		return Mask(text)
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return masked
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return u.Scheme + "://" + u.Host + "/" + masked
	}
	return Mask(text)
}

var argument = regexp.MustCompile(`([?&])([^=&?\s]+)=([^&\s]*)`)

// plainArguments are the query parameters of addresses that hold no secret: those of
// clickhouse-go for connections. The others are hidden, for their names do not tell.
var plainArguments = []string{
	"alt_hosts", "block_buffer_size", "client_info_product", "compress", "compress_level", "conn_max_lifetime", "connection_open_strategy",
	"database", "debug", "dial_timeout", "http_path", "max_compression_buffer", "max_execution_time", "max_idle_conns", "max_open_conns",
	"read_timeout", "secure", "skip_verify", "username",
}

// Mask hides the credentials of every address in the text: what is between :// and the last
// @ before the next address, and the query parameters but those that are known to hold none.
func Mask(text string) string {
	parts := strings.Split(text, "://")
	for i := range parts[1:] {
		if at := strings.LastIndexByte(parts[i+1], '@'); at >= 0 {
			parts[i+1] = masked + parts[i+1][at:]
		}
	}
	return argument.ReplaceAllStringFunc(strings.Join(parts, "://"), func(pair string) string {
		name, _, _ := strings.Cut(pair[1:], "=")
		if slices.Contains(plainArguments, name) {
			return pair
		}
		return pair[:1] + name + "=" + masked
	})
}
