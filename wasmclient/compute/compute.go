// Package compute is the compute service as its clients see it, and pi estimated
// without it, in this process. Its subpackages are the way over HTTP, and the plot.
package compute

import "fmt"

// Limits of what may be asked for.
const (
	MinSimulations = 100
	MaxSimulations = 100_000_000           // of a request
	MaxRun         = 1_000_000_000_000_000 // of a cluster's run, and here
	MaxConcurrency = 8
	MaxShards      = 10_000
	MaxSeed        = 1<<53 - 1
)

// User is the name of a user: 4 digits.
type User string

// Check says why a text can't be a user's name.
func (u User) Check() error {
	digits := 0
	for _, c := range []byte(u) {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	if digits != 4 || len(u) != 4 {
		return fmt.Errorf("a user is 4 digits, such as 0123, not %.20q", string(u))
	}
	return nil
}

// Password returns the user's password, which is no secret.
func (u User) Password() string { return string(u) + "-pw" }

// Task is what is to be estimated by one request.
type Task struct {
	Simulations int64  // MinSimulations to MaxSimulations
	Concurrency int    // parts, 1 to MaxConcurrency; 0 leaves it to the service
	Seed        *int64 // 0 to MaxSeed; nil for a random one
}

// Run is what is to be estimated by a cluster.
type Run struct {
	Simulations int64  // MinSimulations to MaxRun
	Shards      int    // 1 to MaxShards; 0 leaves it to the service
	Seed        *int64 // 0 to MaxSeed; nil for a random one
}
