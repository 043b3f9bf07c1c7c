package locks

import (
	"regexp"
	"time"

	"lockstep/shared/failure"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// leaseAnswer is a lease as its holder sees it.
type leaseAnswer struct {
	Lease     string   `json:"lease"` // the secret id
	ID        string   `json:"id"`
	Owner     string   `json:"owner"`
	Token     int64    `json:"token"`
	Endpoints []string `json:"endpoints"`
	Granted   bool     `json:"granted"`
	Ahead     *int     `json:"ahead,omitzero"` // how many are before it; none once it is granted
	ExpiresAt string   `json:"expires_at"`

	success operation.Success
}

// Success implements operation.Outcome.
func (a leaseAnswer) Success() operation.Success { return a.success }

func answerOf(secret string, s lease.Status, granted, waiting operation.Success) leaseAnswer {
	a := leaseAnswer{
		Lease: secret, ID: s.Entry.ID, Owner: s.Entry.Owner, Token: s.Entry.Ticket, Endpoints: s.Entry.Keys,
		Granted: s.Granted, ExpiresAt: Timestamp(s.Entry.Expires), success: granted,
	}
	if !s.Granted {
		a.Ahead, a.success = &s.Ahead, waiting
	}
	return a
}

// secretForm is what a lease's secret id may look like: 128 random bits take at
// least 22 characters. It stands in a header.
var secretForm = regexp.MustCompile(`^[!-~]{22,200}$`)

// checkSecret says what is wrong with the header Lease.
func checkSecret(secret string) error {
	if secret == "" {
		return failure.InvalidField("Lease", "the header Lease is missing: the lease's secret id")
	}
	if !secretForm.MatchString(secret) {
		return failure.InvalidField("Lease", "the header Lease must be 22 to 200 characters of ASCII without spaces, of 128 random bits or more")
	}
	return nil
}

// Limits of a lease over HTTP.
const (
	MaxEndpoints = lease.MaxKeys // of one lease
	MaxWait      = 25 * time.Second
)

// checkWait checks how long a caller wants to wait, in milliseconds.
func checkWait(ms *int64) error {
	if ms != nil && (*ms < 0 || *ms > MaxWait.Milliseconds()) {
		return failure.InvalidField("wait_ms", "wait_ms must be from 0 to %d", MaxWait.Milliseconds())
	}
	return nil
}

// checkTTL checks a time to live, in milliseconds.
func checkTTL(ms *int64) error {
	lowest, highest := lease.MinTTL.Milliseconds(), lease.MaxTTL.Milliseconds()
	if ms == nil {
		return failure.InvalidField("ttl_ms", "ttl_ms is missing: for how long the lease is to last, in milliseconds")
	}
	if *ms < lowest || *ms > highest {
		return failure.InvalidField("ttl_ms", "ttl_ms must be from %d to %d", lowest, highest)
	}
	return nil
}

// milliseconds is a time that the caller named, or what it is without.
func milliseconds(ms *int64, without time.Duration) time.Duration {
	if ms == nil {
		return without
	}
	return time.Duration(*ms) * time.Millisecond
}
