package compute

import (
	"time"

	"lockstep/shared/operation"
)

// Limits of what takes its time: a shard's, below the longest that a function may run;
// a follower's beyond what it asks for; followers of one process.
const (
	shardTime    = 14 * time.Minute
	mergeTime    = time.Minute
	followGrace  = 10 * time.Second
	maxFollowers = 1000
)

// Operations is the service's route table.
func (s *Service) Operations() []operation.Operation {
	return append([]operation.Operation{
		operation.New("pi", "POST /pi", s.pi),
		operation.New("start-run", "POST /pi/cluster", s.startRun),
		operation.New("run", "GET /pi/cluster/{id}", s.run),
		operation.NewStream("run-progress", "GET /pi/cluster/{id}/progress", s.runProgress,
			operation.Timeout(MaxFollow+followGrace), operation.Concurrency(maxFollowers)),
		operation.New("quote", "POST /quote", s.quote),
		operation.New("logins", "GET /logins", s.logins),
		operation.New("health", "GET /health", s.health),
	}, s.Tasks()...)
}

// Tasks are the steps of a run, which a state machine or a Pool takes.
func (s *Service) Tasks() []operation.Operation {
	return []operation.Operation{
		operation.NewTask("plan", s.plan),
		operation.NewTask("shard", s.shard, operation.Timeout(shardTime)),
		operation.NewTask("merge", s.merge, operation.Timeout(mergeTime)),
	}
}
