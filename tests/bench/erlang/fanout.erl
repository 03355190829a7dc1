%% A fan-out as a BEAM system does it: one process per session, and senders that each have a part of
%% them. Prints how many messages reach sessions per second.
%%
%% erl -noshell -pa DIR -run fanout main SESSIONS MESSAGES IN_FLIGHT
-module(fanout).
-export([main/1]).

main([Sessions, Messages, InFlight]) ->
    run(list_to_integer(Sessions), list_to_integer(Messages), list_to_integer(InFlight)),
    init:stop().

run(Sessions, Messages, InFlight) ->
    Count = counters:new(1, [write_concurrency]),
    Pids = [spawn(fun() -> session(Count) end) || _ <- lists:seq(1, Sessions)],
    Parts = erlang:system_info(schedulers_online) * 4,
    Senders = [spawn(fun() -> sender(Part) end) || Part <- split(Pids, Parts)],
    Event = binary:copy(<<"x">>, 200),
    Began = erlang:monotonic_time(microsecond),
    publish(Senders, Event, Count, Sessions, Messages, InFlight, 0),
    Micros = erlang:monotonic_time(microsecond) - Began,
    Memory = erlang:memory(processes) div Sessions,
    io:format("~w ~w~n", [Sessions * Messages * 1000000 div max(Micros, 1), Memory]).

session(Count) ->
    receive
        {event, _} -> counters:add(Count, 1, 1), session(Count)
    end.

sender(Part) ->
    receive
        Event -> [Pid ! Event || Pid <- Part], sender(Part)
    end.

%% Sends a few messages, and goes on when everybody has them.
publish(_, _, _, _, Messages, _, Messages) -> ok;
publish(Senders, Event, Count, Sessions, Messages, InFlight, Sent) ->
    Now = min(InFlight, Messages - Sent),
    [Sender ! {event, Event} || _ <- lists:seq(1, Now), Sender <- Senders],
    until(Count, Sessions * (Sent + Now)),
    publish(Senders, Event, Count, Sessions, Messages, InFlight, Sent + Now).

until(Count, Goal) ->
    case counters:get(Count, 1) >= Goal of
        true -> ok;
        false -> timer:sleep(1), until(Count, Goal)
    end.

split(List, Parts) ->
    Each = max(1, (length(List) + Parts - 1) div Parts),
    split_by(List, Each).

split_by([], _) -> [];
split_by(List, Each) when length(List) =< Each -> [List];
split_by(List, Each) ->
    {Part, Rest} = lists:split(Each, List),
    [Part | split_by(Rest, Each)].
