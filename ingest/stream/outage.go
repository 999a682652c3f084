package stream

import (
	"errors"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/configs/bilingual"
)

// Codes with which the broker refuses a message because there is no room: no resources, no
// storage, and a store that failed, whose text says why.
const (
	codeInsufficientResources jetstream.ErrorCode = 10023
	codeStorageExceeded       jetstream.ErrorCode = 10047
	codeStoreFailed           jetstream.ErrorCode = 10077
)

// FullDiskError says that the broker cannot store anything because its disk is full. It passes
// once there is room.
type FullDiskError struct{ Err error }

// Error says what to do.
func (e *FullDiskError) Error() string {
	return "the broker's disk is full, and nothing is taken until there is room (nats.embedded.dir, or the limits of a broker of your own); free disk space, it goes on by itself: " + e.Err.Error()
}

// Chinese says the same in Chinese.
func (e *FullDiskError) Chinese() string {
	return "消息服务器的磁盘已满，腾出空间之前不再接收数据（nats.embedded.dir，或自备服务器的限额）；请腾出磁盘空间，之后自动恢复：" + e.Err.Error()
}

// Unwrap returns what the broker or the disk said.
func (e *FullDiskError) Unwrap() error { return e.Err }

// IsFullDisk reports whether an error of the broker says that it has no room.
func IsFullDisk(err error) bool {
	if err == nil {
		return false
	}
	if _, ok := errors.AsType[*FullDiskError](err); ok {
		return true
	}
	var api *jetstream.APIError
	if jsError, ok := errors.AsType[jetstream.JetStreamError](err); ok {
		api = jsError.APIError()
	}
	if api != nil && (api.ErrorCode == codeInsufficientResources || api.ErrorCode == codeStorageExceeded) {
		return true
	}
	text := err.Error()
	// Errors of batches are told by their text alone.
	return strings.Contains(text, "no space left on device") || strings.Contains(text, "insufficient resources") || strings.Contains(text, "insufficient storage resources") ||
		api != nil && api.ErrorCode == codeStoreFailed && strings.Contains(text, "file too large")
}

// ExplainOutage has [Log.Outage] ask why the broker is away: of the embedded one this process knows.
func (l *Log) ExplainOutage(why func() error) {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	l.health.outage = why
}

// Outage returns why the broker cannot be reached, or nil while it can.
func (l *Log) Outage() error {
	l.health.mu.Lock()
	why := l.health.outage
	l.health.mu.Unlock()
	if why != nil {
		if err := why(); err != nil {
			return &FullDiskError{err}
		}
	}
	if !l.Connected() {
		return bilingual.New("与消息服务器的连接已断开", "the broker is away")
	}
	return nil
}

// errBrokerSlow marks a request that the broker did not answer in time.
var errBrokerSlow = errors.New("the broker did not answer in time")

// BrokerAdvice says in a few words what a person can do about an error of the broker, if anything is
// known.
func BrokerAdvice(err error) bilingual.Text {
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return bilingual.Text{
			ZH: "消息服务器上的流已不存在：请重新启动 citytally（自备服务器的请运行 citytally setup），会重新创建；之后 /readyz 会说明哪些可以恢复",
			EN: "a stream is gone from the broker: start citytally again (with a broker of your own: citytally setup), which creates it anew; /readyz says then what can be brought back",
		}
	case IsFullDisk(err):
		return bilingual.Text{
			ZH: "消息服务器的磁盘已满：请腾出磁盘空间，之后自动恢复",
			EN: "the broker's disk is full: free disk space, it goes on by itself",
		}
	case errors.Is(err, errBrokerSlow):
		return bilingual.Text{
			ZH: "消息服务器未及时应答：请查看其负载和磁盘，集群请查看该流是否有主节点；之后自动恢复",
			EN: "the broker did not answer in time: look at its load and its disk, and on a cluster at whether the stream has a leader; it goes on by itself",
		}
	}
	return bilingual.Text{}
}
