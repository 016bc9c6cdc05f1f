-- Why a run was put into a larger size class than the one in which it was tried first; '': it was not.

alter table runs add column outgrown text not null default '';
