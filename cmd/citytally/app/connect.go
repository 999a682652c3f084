package app

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/configs/credentials"
)

// BrokerPingInterval is the time between two pings over a connection to the broker;
// after BrokerPings of them in a row without an answer the connection counts as
// lost. Nothing else tells of a connection that was cut in between.
const (
	BrokerPingInterval = 3 * time.Second
	BrokerPings        = 2
)

// ConnectBroker connects to the broker at the URL, with the credentials and certificates of the
// settings, and keeps connected: when the broker goes away, the connection waits
// for it.
func ConnectBroker(s *configs.Settings, url string, logger zerolog.Logger, extra ...nats.Option) (*nats.Conn, error) {
	c := s.NATS
	secure, err := s.BrokerTLS().Config()
	if err != nil {
		return nil, fmt.Errorf("connect to the broker at %s: %w", configs.Mask(url), err)
	}
	options := []nats.Option{
		// It is used where the server speaks TLS.
		func(o *nats.Options) error { o.TLSConfig, o.Secure = secure, c.TLS.IsSet(); return nil },
		nats.Name("citytally"), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(), nats.ReconnectWait(500 * time.Millisecond),
		nats.PingInterval(BrokerPingInterval), nats.MaxPingsOutstanding(BrokerPings),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				logger.Warn().Err(err).Msg("broker away; waiting for it")
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			logger.Info().Str("server", nc.ConnectedUrlRedacted()).Msg("broker back")
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			logger.Warn().Err(err).Msg("broker refused something")
		}),
	}
	if c.User != "" {
		options = append(options, nats.UserInfo(c.User, c.Password), access.Inbox(c.User))
	}
	if c.CredentialsFile != "" {
		options = append(options, nats.UserCredentials(c.CredentialsFile))
	}
	nc, err := nats.Connect(url, append(options, extra...)...)
	if err != nil {
		advice := brokerAdvice(err)
		return nil, &bilingual.Error{Err: err, Text: bilingual.Text{
			ZH: fmt.Sprintf("无法连接 %s 的消息服务器：%v；%s", configs.Mask(url), err, advice.ZH),
			EN: fmt.Sprintf("connect to the broker at %s: %v; %s", configs.Mask(url), err, advice.EN),
		}}
	}
	return nc, nil
}

// BrokerLogin returns the options to connect to the broker at the URL as one of its users, with
// the secret below the data directory. It returns none where the settings or the URL name who
// connects, or where there is no such secret.
func BrokerLogin(s *configs.Settings, url, user string) ([]nats.Option, error) {
	if s.NATS.User != "" || s.NATS.CredentialsFile != "" || strings.Contains(url, "@") {
		return nil, nil
	}
	store, err := credentials.Load(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	login, ok := access.Login(store, user)
	if !ok {
		return nil, nil
	}
	return []nats.Option{login}, nil
}

// brokerAdvice says what to do about a broker that cannot be connected to.
func brokerAdvice(err error) bilingual.Text {
	if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) {
		return bilingual.Text{
			ZH: "请检查设置中的 nats.user 和 nats.password，或 nats.credentials_file；citytally 自带的服务器所用的口令在其数据目录下（--dir）",
			EN: "check nats.user and nats.password, or nats.credentials_file, in the settings; an instance of this program keeps its own credentials below its data directory (--dir)",
		}
	}
	return bilingual.Text{ZH: "请启动消息服务器，或更正设置中的 nats.url", EN: "start it, or correct nats.url in the settings"}
}
